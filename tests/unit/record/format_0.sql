-- A record of format 0: no scenario, no digests, no protection, no process behind a lock or a run.
PRAGMA application_id = 1919247215;
PRAGMA user_version = 0;
CREATE TABLE records (
    record INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lineage TEXT NOT NULL, serial BIGINT NOT NULL);
CREATE TABLE entries (
    record INTEGER NOT NULL, provider TEXT NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
    value TEXT NOT NULL, confirmed INTEGER NOT NULL, written_at TEXT NOT NULL, run_id TEXT NOT NULL,
    PRIMARY KEY (record, provider, number, kind));
CREATE TABLE windows (
    record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, run_id TEXT NOT NULL,
    opened_at TEXT NOT NULL, PRIMARY KEY (record, id));
CREATE TABLE intents (
    record INTEGER NOT NULL, window_id TEXT NOT NULL, position INTEGER NOT NULL, provider TEXT NOT NULL,
    number TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL,
    value_before TEXT NOT NULL, value_after TEXT NOT NULL, PRIMARY KEY (record, window_id, position));
CREATE TABLE runs (
    record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, started_at TEXT NOT NULL,
    username TEXT NOT NULL, host TEXT NOT NULL, origin TEXT NOT NULL, commit_id TEXT NOT NULL,
    finished_at TEXT NOT NULL, overrides TEXT NOT NULL, PRIMARY KEY (record, id));
CREATE TABLE results (
    record INTEGER NOT NULL, run_id TEXT NOT NULL, position BIGINT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (record, run_id, position));
CREATE TABLE locks (
    record INTEGER NOT NULL, account TEXT NOT NULL, host TEXT NOT NULL, username TEXT NOT NULL, pid BIGINT NOT NULL,
    run_id TEXT NOT NULL, since TEXT NOT NULL, token TEXT NOT NULL, PRIMARY KEY (record, account));
INSERT INTO records VALUES (1, 'lines', '11111111-2222-4333-8444-555555555555', 7);
INSERT INTO entries VALUES
    (1, 'exolve', '74991112201', 'forwarding', 'sales', '{"type":"none"}', 1, '2026-11-21T10:00:00Z', 'r1'),
    (1, 'exolve', '74991112202', 'forwarding', 'office', '{"type":"url","url":"https://a.example"}', 1, '2026-11-21T10:00:00Z', 'r1');
INSERT INTO windows VALUES (1, 'w1', 1, 'r1', '2026-11-21T10:00:00Z');
INSERT INTO intents VALUES
    (1, 'w1', 0, 'exolve', '74991112203', 'forwarding', 'sales', 'update', '{"type":"none"}', '{"sip_uri":"a@b.example","type":"sip"}');
INSERT INTO runs VALUES (1, 'r1', 1, '2026-11-21T10:00:00Z', 'anna', 'desk', 'apply', '', '', '[]');
INSERT INTO results VALUES (1, 'r1', 1, '{"address": "sales/74991112201", "outcome": "applied"}');
