"""Call events that vendors send: received, kept, and put together to calls.

Nothing here is imported by plan or apply, and nothing runs unless a command of `events` asks for it.
"""
