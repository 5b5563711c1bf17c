"""A run without a defect passes; each planted defect is found and named."""

import base64
import contextlib
import datetime
import hashlib
import io
import json
import pathlib
import sqlite3
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import card
import check
from records import octets
from synthetic import DEFAULT_KEY, Run, Signer, cbor


class Checker(unittest.TestCase):
    def setUp(self):
        self.run_ = Run(self.folder())

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def check(self, *more):
        """Writes the run unless that was done, and gives exit code and output."""
        run = self.run_
        if not (run.folder / "ledger.db").exists():
            run.write()
        places = (("--ledger", "ledger.db"), ("--central", "central.db"), ("--cards", "cards"),
                  ("--keys", "keys"), ("--logs", "logs"))
        argv = [text for option, name in places for text in (option, str(run.folder / name))]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            with contextlib.redirect_stderr(out):
                code = check.main([*argv, "--business-date", "2021-12-01", *more])
        return code, out.getvalue()

    def found(self, invariant, words, *more):
        """The defect is named by its invariant, in these words."""
        code, out = self.check(*more)
        hits = [line for line in out.splitlines() if line.startswith(f"VIOLATED {invariant}:")]
        self.assertTrue(any(words in line for line in hits), out)
        self.assertEqual(code, 1)

    def edit(self, database, sql, *values):
        if not (self.run_.folder / "ledger.db").exists():
            self.run_.write()
        self.run_.execute(database, sql, *values)


class Whole(Checker):
    def test_nothing_is_wrong(self):
        code, out = self.check("--expect-issued", "2", "--forbid", "王小明", "--forbid", "A123456789")
        self.assertEqual(code, 0, out)
        self.assertNotIn("VIOLATED", out)

    def test_json(self):
        code, out = self.check("--json")
        verdict = json.loads(out)
        self.assertEqual((code, verdict["ok"]), (0, True))
        self.assertTrue(all(entry["looked_at"] for entry in verdict["invariants"]), out)

    def test_a_wal_counts_and_is_left_alone(self):
        self.run_.write()
        db = sqlite3.connect(self.run_.folder / "ledger.db")
        self.addCleanup(db.close)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("UPDATE outbox SET acknowledged=0 WHERE seq=1")
        db.commit()
        wal = self.run_.folder / "ledger.db-wal"
        before = wal.read_bytes()
        self.found("acknowledged", "fact 1 is not acknowledged")
        self.assertEqual(before, wal.read_bytes())

    def test_unreadable(self):
        self.run_.write()
        (self.run_.folder / "central.db").write_bytes(b"nothing of the kind")
        self.assertEqual(self.check()[0], 2)

    def test_an_exchanged_card_may_be_retired(self):
        run = self.run_
        nxt = run.renewal(7)
        nxt["old_pass_no"] = run.handed.renewal["pass_no"]
        later = run.card(nxt, "04A10000000007").make().hand_over()
        run.handed.stage = "retired"
        for plastic in (run.handed, later):
            run.refresh(plastic)
        code, out = self.check()
        self.assertEqual(code, 0, out)

    def test_a_card_that_was_made_elsewhere_may_be_adopted(self):
        self.run_.adopt()
        code, out = self.check()
        self.assertEqual(code, 0, out)


class Readings(unittest.TestCase):
    """What both the checker and the made-up run take from elsewhere, against published examples."""

    def test_diversification(self):  # AN10922, example of AES-128
        with unittest.mock.patch.object(card, "SYSTEM", bytes.fromhex("4E585020416275")):
            key = card.diversify(bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
                                 bytes.fromhex("04782E21801D80"), bytes.fromhex("3042F5"))
        self.assertEqual(key.hex().upper(), "A8DD63A3B89D54B37CA802473FDA9175")

    def test_octets(self):
        self.assertEqual(octets("00ff"), b"\0\xff")
        self.assertEqual(octets("-_8"), b"\xfb\xff")
        self.assertEqual(octets("+/8="), b"\xfb\xff")
        self.assertIsNone(octets("?"))
        self.assertIsNone(octets(None))

    def test_midnight(self):
        self.assertEqual(card.midnight(datetime.date(2021, 12, 1)), 1638288000)


class OnTheCard(Checker):
    def file(self, plastic, number):
        return self.run_.memories[plastic.uid]["applications"][0]["files"][number]

    def sign(self, plastic, claims=None, **more):
        plastic.credential = self.run_.signer.sign(plastic.claims | (claims or {}), **more)
        self.run_.refresh(plastic)

    def test_default_key_left(self):
        keys = self.run_.memories[self.run_.made.uid]["applications"][0]["keys"]
        keys[1] = DEFAULT_KEY
        self.found("keys", "default key left: gate-read")

    def test_wrong_diversification(self):
        other = self.run_.card_keys("04A1000000FFFF")
        self.run_.memories[self.run_.handed.uid]["picc"]["key"] = other[0]
        self.found("keys", "wrong diversification: picc-master")

    def test_two_keys_exchanged(self):
        keys = self.run_.memories[self.run_.handed.uid]["applications"][0]["keys"]
        keys[1], keys[2] = keys[2], keys[1]
        self.found("keys", "wrong diversification: station-update")

    def test_key_version(self):
        self.run_.memories[self.run_.handed.uid]["applications"][0]["keys"][2]["version"] = "02"
        self.found("keys", "station-update has version 2")

    def test_picc_settings(self):
        self.run_.memories[self.run_.handed.uid]["picc"]["settings"] = "0F"
        self.found("layout", "PICC settings are 0F")

    def test_file_rights(self):
        self.file(self.run_.handed, 0)["access_rights"] = "E220"
        self.found("layout", "access_rights is E220")

    def test_file_in_plain(self):
        self.file(self.run_.handed, 1)["comm"] = "mac"
        self.found("layout", "file 3: comm is mac")

    def test_settings_of_the_application(self):
        def application():
            return self.run_.memories[self.run_.handed.uid]["applications"][0]

        for member, value, invariant, words in (
                ("settings", "0F", "layout", "application settings are 0F"),
                ("key_type", "3K3DES", "keys", "3 3K3DES keys, not 3 AES keys"),
                ("files", [], "layout", "the files are []")):
            with self.subTest(member=member):
                self.run_ = Run(self.folder())
                application()[member] = value
                self.found(invariant, words)

    def test_another_application(self):
        applications = self.run_.memories[self.run_.made.uid]["applications"]
        applications.append(applications[0] | {"aid": "010203"})
        self.found("layout", "another application beside ours")

    def test_size_of_a_file(self):
        self.file(self.run_.made, 0)["size"] += 1
        self.file(self.run_.made, 1)["size"] = 32
        self.found("layout", "file 1: its size is not the length")
        self.found("layout", "file 3 has 32 octets")

    def test_generation_without_a_master(self):
        memory = self.run_.memories[self.run_.made.uid]
        for key in (memory["picc"]["key"], *memory["applications"][0]["keys"]):
            key["version"] = "02"
        self.found("keys", "no master of generation 2 for picc-master")
        self.found("one_row", "its key generation is 2, the ledger's 1")

    def test_another_file(self):
        files = self.run_.memories[self.run_.made.uid]["applications"][0]["files"]
        files.append(files[0] | {"number": 2})
        self.found("layout", "the files are [1, 2, 3]")

    def test_signature_tampered_with(self):
        octets_ = bytearray(self.run_.handed.credential)
        octets_[-1] ^= 1
        self.run_.handed.credential = bytes(octets_)
        self.run_.refresh(self.run_.handed)
        self.found("credential", "the signature does not verify")

    def test_untrusted_signer(self):
        self.run_.handed.credential = Signer(815).sign(self.run_.handed.claims)
        self.run_.refresh(self.run_.handed)
        self.found("credential", "a key that is not trusted")

    def test_wrong_uid_in_the_credential(self):
        self.sign(self.run_.handed, {-70001: bytes.fromhex("04A1000000FFFF")})
        self.found("credential", "wrong UID in the credential: it is for chip 04A1000000FFFF")

    def test_a_copy_on_another_chip(self):
        run = self.run_
        copy = json.loads(json.dumps(run.handed.memory()))
        copy["uid"] = "04A100000000AA"
        keys = run.card_keys(copy["uid"])
        copy["picc"]["key"], copy["applications"][0]["keys"] = keys[0], keys[1:]
        run.memories[copy["uid"]] = copy
        self.found("credential", "wrong UID")
        self.found("one_live_card", "has 2 live cards")
        self.found("journal_names_card", "04A100000000AA was changed without a journal line")

    def test_non_canonical_cbor(self):
        claims = cbor(self.run_.made.claims)
        sub = cbor(2) + cbor(self.run_.made.claims[2])
        self.sign(self.run_.made, payload=claims[:1] + sub + claims[1:].replace(sub, b"", 1))
        self.found("credential", "non-canonical CBOR")

    def test_long_form_of_a_number(self):
        claims = cbor(self.run_.made.claims)
        self.sign(self.run_.made, payload=claims[:-1] + b"\x18\x01")
        self.found("credential", "non-canonical CBOR")

    def test_octets_after_the_credential(self):
        self.run_.made.credential += b"\0"
        self.run_.refresh(self.run_.made)
        self.found("credential", "non-canonical CBOR")

    def test_a_name_in_the_credential(self):
        self.sign(self.run_.made, {-70005: "王小明"})
        self.found("credential", "unknown [-70005]")

    def test_claims_that_do_not_fit(self):
        for claim, value, words in ((1, "port-office:tp", "issued by"), (2, 7, "mistyped claims [2]"),
                                    (7, b"short", "has not 16 octets"), (-70004, 2, "format 2, not 1"),
                                    (-70003, [1], "areas that are not texts"),
                                    (5, 4102416000, "nbf is not before exp")):
            with self.subTest(claim=claim):
                self.run_ = Run(self.folder())
                self.sign(self.run_.made, {claim: value})
                self.found("credential", words)

    def test_what_is_no_cose_sign1(self):
        good = self.run_.made.credential
        for octets_, words in ((b"", "no credential"), (b"\xff\0", "not a COSE_Sign1"),
                               (b"\xd1" + good[1:], "not tagged 18"), (good[:-9], "not a COSE_Sign1"),
                               (good.replace(b"\x43\xa1\x01\x26", b"\x44\xa1\x01\x38\x22"),
                                "the protected header is"),
                               (good.replace(b"\xa1\x04\x48", b"\xa1\x05\x48"), "is not {4: kid}"),
                               (good.replace(b"\x58\x40", b"\x58\x3f")[:-1], "has not 64 octets"),
                               (self.run_.signer.sign(None, b"\x01"), "not a map with numbers")):
            with self.subTest(words=words):
                self.run_ = Run(self.folder())
                self.run_.made.credential = octets_
                self.run_.refresh(self.run_.made)
                self.found("credential", words)

    def test_exp_in_utc(self):
        self.sign(self.run_.made, {4: self.run_.made.claims[4] + 8 * 3600})
        self.found("credential", "exp is not 00:00 +08:00")

    def test_exp_is_the_last_day(self):
        self.sign(self.run_.made, {4: self.run_.made.claims[4] - 86400})
        self.found("one_row", "its last day is")

    def test_state_hash_wrong(self):
        state = self.file(self.run_.handed, 1)
        state["data"] = state["data"][:-2] + ("00" if state["data"][-2:] != "00" else "01")
        self.found("state", "state hash wrong")

    def test_state_of_another_format(self):
        state = self.file(self.run_.handed, 1)
        state["data"] = "02" + state["data"][2:]
        self.found("state", "never finished or tampered with")

    def test_expired(self):
        self.sign(self.run_.handed, {5: self.run_.handed.claims[5] - 400 * 86400,
                                     4: self.run_.handed.claims[4] - 365 * 86400})
        self.found("in_date", "is live and expired")


class BetweenCardAndLedger(Checker):
    def test_card_without_a_journal_line(self):
        run = self.run_
        run.journal = [entry for entry in run.journal if entry["card"] != run.spoiled.uid]
        self.found("journal_names_card", f"{run.spoiled.uid} was changed without a journal line")

    def test_card_that_no_row_names(self):
        run = self.run_
        run.plastics.remove(run.made)
        self.found("one_row", f"{run.made.uid}: 0 ledger rows")
        self.found("journal_names_card", "no ledger row names it")

    def test_memory_lost(self):
        del self.run_.memories[self.run_.made.uid]
        self.found("card_of_row", "no memory of it is there")

    def test_hash_in_the_ledger(self):
        self.edit("ledger", "UPDATE card SET credential_sha256=zeroblob(32) WHERE uid=?",
                  self.run_.handed.uid)
        self.found("one_row", "its credential is")

    def test_pass_number_of_another(self):
        self.edit("ledger", "UPDATE renewal SET pass_no='KHPS110-99999' WHERE id=?",
                  self.run_.handed.renewal["id"])
        self.found("one_row", "its pass number is KHPS110-00001")

    def test_card_that_was_written_and_emptied(self):
        self.run_.memories["04A10000000099"]["used_bytes"] = 544
        self.found("journal_names_card", "04A10000000099 was changed without a journal line")

    def test_two_memories_of_one_chip(self):
        self.run_.memories["twin"] = self.run_.made.memory()
        self.found("one_row", f"2 memories have UID {self.run_.made.uid}")

    def test_handed_over_but_only_made(self):
        self.run_.handed.stage = "made"
        self.run_.refresh(self.run_.handed)
        self.found("card_of_row", "handed_over in the ledger but the card is made")

    def test_spoiled_but_live(self):
        self.run_.spoiled.stage = "active"
        self.run_.refresh(self.run_.spoiled)
        self.found("card_of_row", "spoiled in the ledger but live")

    def test_in_doubt(self):
        self.run_.made.state = "torn"
        self.found("in_doubt", f"card {self.run_.made.uid} of renewal")
        self.assertNotIn("VIOLATED in_doubt", self.check("--allow-in-doubt")[1])

    def test_foreign_card(self):
        self.run_.memories["04A10000000088"] = self.run_.made.memory() | {
            "uid": "04A10000000088", "applications": []}
        self.found("journal_names_card", "04A10000000088 was changed without a journal line")
        self.assertEqual(self.check("--foreign", "04a10000000088")[0], 0)


class Live(Checker):
    def test_two_live_cards_for_a_renewal(self):
        run = self.run_
        run.spoiled.stage = "active"
        run.refresh(run.spoiled)
        self.found("one_live_card", f"renewal {run.second.renewal['id']} has 2 live cards: "
                                    f"{run.spoiled.uid}, {run.second.uid}")

    def test_two_live_cards_for_an_old_pass(self):
        run = self.run_
        run.made.renewal["old_pass_no"] = run.handed.renewal["old_pass_no"]
        run.made.hand_over()
        run.refresh(run.made)
        self.found("one_live_card", f"old pass {run.handed.renewal['old_pass_no']} has 2 live cards")
        self.found("issued", "was issued twice")

    def test_two_live_cards_in_a_chain(self):
        run = self.run_
        run.passes["KHPS109-00002"] = {"replaces": "KHPS110-00001"}
        self.found("one_live_card", "has 2 live cards: 04A10000000001, 04A10000000003")

    def test_active_without_authorisation(self):
        self.run_.made.stage = "active"
        self.run_.refresh(self.run_.made)
        self.found("authorised", f"card {self.run_.made.uid} (verified): live or handed over without")

    def test_authorisation_that_was_never_granted(self):
        self.run_.handed.granted = None
        self.found("authorised", "the central never granted")

    def test_authorisation_for_another_card(self):
        self.run_.handed.granted["uid"] = self.run_.made.uid
        self.found("authorised", "its authorisation is for uid 04A10000000004")


class AtTheCentral(Checker):
    def test_handed_over_but_not_issued(self):
        self.run_.handed.renewal["status"] = "produced"
        self.found("issued", "was handed over but not issued: the central says produced")

    def test_issued_but_not_handed_over(self):
        self.run_.made.renewal["status"] = "issued"
        self.found("issued", "is issued at the central but not handed over")

    def test_issued_twice(self):
        self.run_.facts.append(dict(self.run_.facts[-1]))
        again = next(f for f in self.run_.facts if f["type"] == "handed_over")
        self.run_.facts[-1] = dict(again)
        self.found("issued", "the central applied 2 facts of its hand-over, not 1")
        self.found("lives", "2 facts of a hand-over")

    def test_old_pass_left_on(self):
        self.run_.passes["KHPS109-00001"] = {"state": "active"}
        self.found("issued", "old pass KHPS109-00001 is not off")

    def test_new_pass_left_off(self):
        self.run_.passes["KHPS110-00002"] = {"state": "pending"}
        self.found("issued", "new pass KHPS110-00002 is not on")

    def test_expected_number(self):
        self.found("issued", "2 issued in the central, not 3", "--expect-issued", "3")

    def test_issued_without_any_fact(self):
        self.edit("central", "UPDATE renewal SET status='issued', started_attempt='0' WHERE id=?",
                  self.run_.renewals[4]["id"])
        self.found("issued", "is issued at the central but not handed over", "--expect-issued", "2")

    def test_unknown_renewal(self):
        self.edit("central", "DELETE FROM renewal WHERE id=?", self.run_.handed.renewal["id"])
        self.found("issued", "the central does not know it")

    def test_card_unknown(self):
        self.edit("central", "UPDATE renewal SET uid=NULL, attempt=NULL WHERE id=?",
                  self.run_.handed.renewal["id"])
        self.found("central_card", "the central knows of no card")

    def test_another_attempt(self):
        self.run_.made.renewal["attempt"] = self.run_.handed.attempt
        self.found("central_card", "another attempt")

    def test_another_uid(self):
        self.run_.handed.renewal["uid"] = "04A1000000FFFF"
        self.found("central_card", "the central's card is 04A1000000FFFF")

    def test_another_credential(self):
        self.run_.handed.renewal["credential"] = self.run_.made.credential
        self.found("central_card", "credential hash is not that of card 04A10000000001")


class Chains(Checker):
    def test_journal_line_missing(self):
        self.edit("ledger", "DELETE FROM journal WHERE record=3")
        self.found("journal_chain", "journal record 3 is missing")

    def test_journal_line_rewritten(self):
        self.edit("ledger", "UPDATE journal SET line=replace(line, 'verified', 'Verified')"
                            " WHERE record=2")
        self.found("journal_chain", "journal record 2 was rewritten")

    def test_journal_line_rewritten_with_its_hash(self):
        line = '{"type":"nothing","previous":"' + "00" * 32 + '"}'
        self.edit("ledger", "UPDATE journal SET line=?, sha256=? WHERE record=1", line,
                  hashlib.sha256(line.encode()).digest())
        self.found("journal_chain", "journal record 2 does not follow")

    def test_outbox_chain_broken(self):
        run = self.run_
        run.fact_lines, lines = (lambda: lines), run.fact_lines()
        lines[4] = lines[4].replace('"previous": "', '"previous": "00', 1)
        self.found("outbox_chain", "fact 5 does not follow from the line before: chain broken")

    def test_fact_of_another_incarnation(self):
        self.edit("ledger", "UPDATE station SET incarnation='0'")
        self.found("outbox_chain", "fact 1 is of another incarnation")
        self.found("facts", "which no ledger is")

    def test_acknowledged_but_missing(self):
        self.edit("central", "DELETE FROM fact WHERE seq=4")
        self.found("facts", "fact 4 was acknowledged but the central does not have it")

    def test_missing(self):
        self.run_.unacknowledged = {4}
        self.edit("central", "DELETE FROM fact WHERE seq=4")
        self.found("facts", "fact 4 is missing at the central")
        self.found("acknowledged", "fact 4 is not acknowledged")

    def test_missing_in_both(self):
        self.edit("central", "DELETE FROM fact WHERE seq=4")
        self.edit("ledger", "DELETE FROM outbox WHERE seq=4")
        self.found("outbox_chain", "fact 4 is missing")

    def test_reordered(self):
        for old, new in ((4, 99), (5, 4), (99, 5)):
            self.edit("central", "UPDATE fact SET seq=? WHERE seq=?", new, old)
        self.found("facts", "fact 4 at the central is the outbox's fact 5: reordered")

    def test_doubled(self):
        self.edit("central", "INSERT INTO fact SELECT station, incarnation, 99, line, sha256,"
                             " received_at, type, renewal, outcome, order_given FROM fact WHERE seq=1")
        self.found("facts", "2 times: doubled")
        self.found("facts", "the central has fact 99, which the outbox has not")

    def test_rewritten_at_the_central(self):
        self.edit("central", "UPDATE fact SET line=CAST(CAST(line AS TEXT) || ' ' AS BLOB) WHERE seq=2")
        self.found("facts", "fact 2 is another line at the central")

    def test_columns_at_the_central(self):
        for change, words in (("type='torn'", "read another type or renewal"),
                              ("sha256=zeroblob(32)", "stored another hash"),
                              ("station='kh-2'", "under two stations")):
            with self.subTest(change=change):
                self.run_ = Run(self.folder())
                self.edit("central", f"UPDATE fact SET {change} WHERE seq=3")
                self.found("facts", words)

    def test_facts_that_contradict_the_ledger(self):
        for member, value, words in (("epoch", 2, "says epoch 2, the ledger 1"),
                                     ("authorisation", "0", "names another authorisation"),
                                     ("attempt", "0", "which the ledger does not have"),
                                     ("type", "spoiled", "told as spoiled"),
                                     ("seq", 99, "says it is fact 99")):
            with self.subTest(member=member):
                self.run_ = Run(self.folder())
                next(f for f in self.run_.facts if f["type"] == "handed_over")[member] = value
                self.found("outbox_chain" if member == "seq" else "lives", words)

    def test_ledger_rolled_back(self):
        self.edit("ledger", "DELETE FROM outbox WHERE seq > 9")
        self.found("facts", "the central has fact 10, which the outbox has not")

    def test_handed_over_without_activation(self):
        run = self.run_
        run.facts = [fact for fact in run.facts if fact["type"] != "card_activated"]
        self.found("lives", "handed_over without card_activated before")

    def test_adopted_though_it_was_not_made_elsewhere(self):
        self.run_.adopt().renewal["made_elsewhere"] = 0
        self.found("lives", "adopted, and its renewal's card was not made elsewhere")

    def test_adopted_though_it_was_begun_here(self):
        run = self.run_
        run.made.renewal["made_elsewhere"] = 1
        next(f for f in run.facts if f["attempt"] == run.made.attempt
             and f["type"] == "verified")["reason"] = "adopted"
        self.found("lives", "adopted, and begun here too")

    def test_verified_and_neither_begun_nor_adopted(self):
        run = self.run_
        run.facts = [f for f in run.facts if f["attempt"] != run.made.attempt
                     or f["type"] != "attempt_started"]
        self.found("lives", "its first fact is neither attempt_started nor an adoption")

    def test_adopted_without_a_journal_line(self):
        run = self.run_
        adopted = run.adopt()
        run.journal = [entry for entry in run.journal if entry["card"] != adopted.uid]
        self.found("journal_names_card", f"{adopted.uid} was changed without a journal line")

    def test_damaged_database(self):
        self.edit("ledger", "UPDATE card SET record=999")
        self.found("databases", "a reference to journal that is not there")


class Secrets(Checker):
    def test_canary_in_a_log(self):
        for way in (str.encode, lambda t: t.encode("utf-16-le"), lambda t: t.encode().hex().encode(),
                    lambda t: json.dumps(t).encode(), lambda t: t.encode("big5")):
            with self.subTest(way=way("王小明")):
                self.check()
                (self.run_.folder / "logs" / "other").write_bytes(b"\0\1" + way("王小明"))
                self.found("no_secrets", "forbidden text 1 is in", "--forbid", "王小明")

    def test_canary_in_the_ledger(self):
        self.edit("ledger", "UPDATE renewal SET holder_name_sealed=?", "王小明".encode())
        self.found("no_secrets", "ledger.db (UTF-8)", "--forbid", "王小明")

    def test_master_key_in_a_log(self):
        self.run_.log += self.run_.masters["gate-read"].hex().upper()
        self.found("no_secrets", "gate-read 1 is in")

    def test_card_key_in_a_log(self):
        self.run_.log += "0" + self.run_.card_keys(self.run_.made.uid)[3]["value"] + "9"
        self.found("no_secrets", f"a key of card {self.run_.made.uid} is in")

    def test_canary_in_base64_at_each_place(self):
        for before in (b"", b"x", b"xy"):
            with self.subTest(before=before):
                self.check()
                (self.run_.folder / "logs" / "other").write_bytes(
                    b"data:" + base64.b64encode(before + b"A123456789" + b"tail"))
                self.found("no_secrets", "forbidden text 1 is in", "--forbid", "A123456789")

    def test_part_of_a_photo_in_a_log(self):
        self.check()
        photo = self.run_.folder / "photo"
        photo.write_bytes(bytes(n * 7 % 251 for n in range(3000)))
        for at in (0, 1500, 2936):
            with self.subTest(at=at):
                (self.run_.folder / "logs" / "other").write_bytes(
                    b"x" + photo.read_bytes()[at:at + 64])
                self.found("no_secrets", "forbidden file 1", "--forbid-file", str(photo))

    def test_card_key_and_text_in_a_core(self):
        self.check()
        core = self.run_.folder / "core"
        core.write_bytes(b"\1\2" + bytes.fromhex(self.run_.card_keys(self.run_.made.uid)[3]["value"]))
        self.found("no_secrets", f"a key of card {self.run_.made.uid} is in", "--core", str(core))
        core.write_bytes("\0王小明".encode())
        self.found("no_secrets", "forbidden text 1 is in", "--core", str(core), "--forbid", "王小明")

    def test_master_key_in_a_core_is_no_defect(self):
        self.check()
        core = self.run_.folder / "core"
        core.write_bytes(self.run_.masters["gate-read"])
        self.assertEqual(self.check("--core", str(core))[0], 0)

    def test_the_text_itself_is_not_told(self):
        self.run_.log += "A123456789"
        self.assertNotIn("A123456789", self.check("--forbid", "A123456789")[1])


if __name__ == "__main__":
    unittest.main()
