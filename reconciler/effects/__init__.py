"""What callers notice: who rings when, what a change does to that, where a call goes; pure, from canonical values."""
