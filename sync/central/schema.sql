-- The central's database. Others may read it (read-only connections); only centrald writes.
-- Dates are YYYY-MM-DD in Asia/Taipei, times RFC 3339 in UTC, UUIDs text in lower case, UIDs and
-- hashes of cards upper-case hex, hashes of lines 32 octets.

-- Counts every change that stations may see; a station's cursor is a value of it.
CREATE TABLE change_sequence (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last     INTEGER NOT NULL
) STRICT;
INSERT INTO change_sequence VALUES (1, 0);

-- Photos on file, named by their hash.
CREATE TABLE photo (
    sha256     BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    media_type TEXT NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png')),
    octets     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- 通行證: every pass that is known, old or new.
CREATE TABLE pass (
    pass_no         TEXT PRIMARY KEY,
    series          TEXT,                  -- KHPS110; null where the number has another shape
    serial          INTEGER,
    company         TEXT NOT NULL,
    id_no           TEXT NOT NULL,         -- as it came, however odd
    holder_name     TEXT NOT NULL,
    valid_from      TEXT NOT NULL,
    valid_to        TEXT NOT NULL,         -- inclusive
    pass_kind       TEXT NOT NULL,
    has_photo       INTEGER NOT NULL CHECK (has_photo IN (0, 1)),  -- as the list says
    photo_sha256    BLOB REFERENCES photo, -- null while the file itself was not brought in
    email           TEXT NOT NULL,         -- of the company, for letters
    port_areas      TEXT NOT NULL,         -- a JSON list
    state           TEXT NOT NULL CHECK (state IN ('active', 'pending', 'off', 'cancelled')),
    times_exchanged INTEGER NOT NULL CHECK (times_exchanged >= 0),
    replaces        TEXT REFERENCES pass,  -- 原通行證號; exchanges chain
    sanction        TEXT CHECK (sanction IN ('suspended', 'revoked', 'seized')),
    sanction_until  TEXT,                  -- the last day of a suspension
    CHECK ((sanction_until IS NOT NULL) = (sanction IS NOT NULL AND sanction = 'suspended'))
) STRICT, WITHOUT ROWID;
CREATE INDEX pass_series ON pass (series, serial);
CREATE INDEX pass_photo ON pass (photo_sha256);

-- One application to exchange a pass, from its submission on.
CREATE TABLE renewal (
    id              TEXT PRIMARY KEY,
    version         INTEGER NOT NULL CHECK (version >= 1),
    change_seq      INTEGER NOT NULL UNIQUE,   -- of its latest change
    status          TEXT NOT NULL CHECK (status IN ('approved', 'produced', 'issued', 'withdrawn')),
    held            INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    hold_reason     TEXT,
    approved        INTEGER NOT NULL DEFAULT 0 CHECK (approved IN (0, 1)),  -- given to stations
    pass_no         TEXT NOT NULL UNIQUE REFERENCES pass,
    old_pass_no     TEXT NOT NULL REFERENCES pass,
    valid_from      TEXT NOT NULL,
    valid_to        TEXT NOT NULL,
    pickup_port     TEXT NOT NULL,
    free            INTEGER NOT NULL CHECK (free IN (0, 1)),
    payment         TEXT NOT NULL CHECK (payment IN ('not_required', 'pending', 'confirmed')),
    times_exchanged INTEGER NOT NULL,          -- this exchange included
    made_elsewhere  INTEGER NOT NULL DEFAULT 0 CHECK (made_elsewhere IN (0, 1)),
    claim_station   TEXT,                      -- who holds the claim
    epoch           INTEGER NOT NULL DEFAULT 0,
    lease_until     TEXT,
    card_open       INTEGER NOT NULL DEFAULT 0 CHECK (card_open IN (0, 1)),   -- under this claim
    card_ended      INTEGER NOT NULL DEFAULT 0 CHECK (card_ended IN (0, 1)),  -- likewise
    spoiled_cards   INTEGER NOT NULL DEFAULT 0,
    started_attempt TEXT,                      -- the latest card that was begun
    started_uid     TEXT,
    attempt         TEXT,                      -- of the current verified card, which is `uid`
    uid             TEXT,
    card_missing    INTEGER NOT NULL DEFAULT 0 CHECK (card_missing IN (0, 1)),
    card_live       INTEGER NOT NULL DEFAULT 0 CHECK (card_live IN (0, 1)),
    old_card_retired INTEGER NOT NULL DEFAULT 0 CHECK (old_card_retired IN (0, 1)),
    credential      BLOB,
    credential_sha256 TEXT,
    submitted_at    TEXT NOT NULL,
    produced_at     TEXT,
    issued_at       TEXT,
    withdrawn_at    TEXT,
    withdrawal_reason TEXT,
    CHECK ((uid IS NULL) = (attempt IS NULL)),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL)),
    CHECK (status <> 'produced' OR uid IS NOT NULL OR made_elsewhere = 1)
) STRICT, WITHOUT ROWID;
-- At most one open renewal per old pass, under any concurrency.
CREATE UNIQUE INDEX renewal_open ON renewal (old_pass_no) WHERE status IN ('approved', 'produced');
CREATE INDEX renewal_port ON renewal (pickup_port, change_seq);
CREATE INDEX renewal_claim ON renewal (claim_station, id);

-- What a claim was answered: the same claim id gets the same again.
CREATE TABLE claim (
    claim_id   TEXT PRIMARY KEY,
    station    TEXT NOT NULL,
    sha256     BLOB NOT NULL,  -- of the request
    answer     TEXT NOT NULL,
    granted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The right to make one card live.
CREATE TABLE authorisation (
    id              TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    renewal         TEXT NOT NULL REFERENCES renewal,
    sha256          BLOB NOT NULL,  -- of the request
    station         TEXT NOT NULL,
    attempt         TEXT NOT NULL,
    epoch           INTEGER NOT NULL,
    uid             TEXT NOT NULL,
    granted_at      TEXT NOT NULL,
    expires_at      TEXT NOT NULL,
    ended_at        TEXT            -- the hand-over was aborted, or the card came to an end
) STRICT, WITHOUT ROWID;
CREATE INDEX authorisation_renewal ON authorisation (renewal);

-- The ledgers that a station had, oldest first; one that was restored closes the one before.
CREATE TABLE incarnation (
    number      INTEGER PRIMARY KEY,
    station     TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    opened_at   TEXT NOT NULL,
    announced   INTEGER NOT NULL CHECK (announced IN (0, 1)),  -- or known by its first fact only
    follows     TEXT,            -- the incarnation before, where it named one
    follows_seq INTEGER,
    follows_head BLOB,
    closed      INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    UNIQUE (station, incarnation)
) STRICT;

-- The latest heartbeat of each station.
CREATE TABLE heartbeat (
    station        TEXT PRIMARY KEY,
    received_at    TEXT NOT NULL,
    station_time   TEXT NOT NULL,
    incarnation    TEXT NOT NULL,
    facts_owed     INTEGER NOT NULL,
    cards_in_doubt INTEGER NOT NULL,
    software       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What stations reported, as they wrote it. Never changed, never deleted.
CREATE TABLE fact (
    station     TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 1),
    line        BLOB NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    received_at TEXT NOT NULL,
    type        TEXT,           -- null where the line could not be read
    renewal     TEXT,
    outcome     TEXT NOT NULL CHECK (outcome IN ('applied', 'stored_conflict', 'stored_unknown')),
    order_given TEXT NOT NULL,  -- empty, or void_card
    PRIMARY KEY (station, incarnation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_renewal ON fact (renewal);

-- 領證通知信, one for each verified card. The outbox: a due letter is sent until it is known to be out.
CREATE TABLE letter (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,   -- names the file or message, so a second one is the same
    renewal       TEXT NOT NULL REFERENCES renewal,
    attempt       TEXT NOT NULL,
    qr            TEXT NOT NULL,          -- signed when the card was verified
    made_at       TEXT NOT NULL,
    made_on       TEXT NOT NULL,          -- the business day that stands on it
    sent_at       TEXT,
    superseded_at TEXT                    -- its card came to an end; not sent any more
) STRICT;
CREATE UNIQUE INDEX letter_valid ON letter (renewal) WHERE superseded_at IS NULL;
CREATE INDEX letter_due ON letter (number) WHERE sent_at IS NULL AND superseded_at IS NULL;

-- What administrators did, and why: to a renewal or to a pass.
CREATE TABLE decision (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    act     TEXT NOT NULL CHECK (act IN ('submit', 'approve', 'payment', 'hold', 'release',
                                         'withdraw', 'fence', 'remake', 'suspended', 'revoked',
                                         'seized', 'reinstate')),
    renewal TEXT REFERENCES renewal,
    pass_no TEXT REFERENCES pass,
    reason  TEXT,
    CHECK ((renewal IS NULL) <> (pass_no IS NULL))
) STRICT;
