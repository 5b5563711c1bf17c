-- The station's ledger: journal and outbox in one file, because "the card is issued" and "the central
-- must be told" commit together or not at all. Dates are YYYY-MM-DD, times RFC 3339 in UTC, ids UUIDs
-- as text, UIDs 14 capital hexadecimal digits. Columns named *_sealed hold nonce ‖ ciphertext ‖ tag.

CREATE TABLE station (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    incarnation TEXT NOT NULL,             -- a new one for each new or restored ledger
    cursor      TEXT NOT NULL DEFAULT '',  -- how far the central's changes are stored
    offline_handover_s INTEGER NOT NULL DEFAULT 0  -- as the central allowed last; 0: not at all
) STRICT;

-- What the central said last of each renewal.
CREATE TABLE renewal (
    id              TEXT PRIMARY KEY,
    version         INTEGER NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('approved', 'produced', 'issued', 'withdrawn')),
    held            INTEGER NOT NULL CHECK (held IN (0, 1)),
    pass_no         TEXT NOT NULL UNIQUE,
    old_pass_no     TEXT NOT NULL,
    valid_from      TEXT NOT NULL,
    valid_to        TEXT NOT NULL,
    pickup_port     TEXT NOT NULL,
    port_areas      TEXT NOT NULL,         -- JSON, a list of texts
    data_warnings   TEXT NOT NULL,         -- likewise
    holder_name_sealed BLOB NOT NULL,      -- both empty once the renewal is issued or withdrawn
    masked_id_sealed   BLOB NOT NULL,
    photo_sha256    BLOB,                  -- null where the central has no photo
    arrived         INTEGER NOT NULL       -- order of first arrival: the queue
) STRICT;
CREATE INDEX renewal_by_old_pass ON renewal (old_pass_no);
CREATE INDEX renewal_by_arrival ON renewal (arrived);

-- Physical cards bound to a renewal. `started` and `torn` are open: that very card is waited for.
CREATE TABLE card (
    attempt           TEXT PRIMARY KEY,
    renewal           TEXT NOT NULL REFERENCES renewal (id),
    epoch             INTEGER NOT NULL,
    uid               TEXT NOT NULL,
    key_generation    INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN
                          ('started', 'torn', 'verified', 'authorised', 'handed_over',
                           'spoiled', 'voided', 'written_off')),
    presentations     INTEGER NOT NULL DEFAULT 1,  -- how often the writing was taken up
    credential_sealed BLOB NOT NULL,               -- the exact octets for the card's pass file
    credential_sha256 BLOB NOT NULL,
    authorisation     TEXT,                        -- the central's, once it was given
    evidence          TEXT,                        -- what that rested on: letter_signed+qr_number_matched
    record            INTEGER NOT NULL REFERENCES journal (record), -- the newest record of this card
    collector         TEXT,                        -- who collected: holder or representative
    supervisor        TEXT,                        -- who answered for what was missing, as typed in
    waiver            TEXT,                        -- and why
    missing           INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),
    condemned         TEXT                         -- why it must be made unusable, if it must
) STRICT;
-- Several cards may serve a renewal in turn; one at a time.
CREATE UNIQUE INDEX one_card_at_a_time ON card (renewal)
    WHERE state NOT IN ('spoiled', 'voided', 'written_off');
CREATE UNIQUE INDEX one_renewal_on_a_card ON card (uid)
    WHERE state NOT IN ('spoiled', 'voided', 'written_off');

-- Readers on which the last cards were spoiled, one after the other.
CREATE TABLE production_line (
    reader TEXT PRIMARY KEY,
    spoils INTEGER NOT NULL
) STRICT;

-- Everything that was decided or done, append-only. `line` is JSON with the SHA-256 of the line before.
CREATE TABLE journal (
    record INTEGER PRIMARY KEY,
    line   TEXT NOT NULL,
    sha256 BLOB NOT NULL
) STRICT;

-- Facts for the central in the order they happened. `line` is what is sent, octet for octet.
CREATE TABLE outbox (
    seq    INTEGER PRIMARY KEY,
    line   TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1))
) STRICT;
CREATE INDEX outbox_unacknowledged ON outbox (seq) WHERE acknowledged = 0;

-- The public keys that pick-up letters are signed with, as the central told them last.
CREATE TABLE letter_key (
    position INTEGER PRIMARY KEY,          -- the current one first
    point    BLOB NOT NULL                 -- uncompressed
) STRICT;
