"""What must be true at the end of a run. Each invariant is a function of the world that yields
violations in words; what it looked at goes to world.seen."""

import collections
import datetime
import hashlib
import json

import card as cards
from records import ZEROS, octets

INVARIANTS = {}
MADE_STATES = ("verified", "authorised", "handed_over")
OPEN_STATES = ("started", "torn", "authorised")
ENDINGS = ("spoiled", "voided", "written_off")
OVER_STATES = ENDINGS


def invariant(promise):
    def register(function):
        INVARIANTS[function.__name__] = (promise, function)
        return function
    return register


class World:
    """Everything that is compared. `options` are the arguments of the program."""

    def __init__(self, ledgers, central, memories, options):
        self.ledgers, self.central, self.cards, self.options = ledgers, central, memories, options
        self.seen = 0
        self.rows = [row for ledger in ledgers for row in ledger.cards]
        self.by_attempt = {row["attempt"].lower(): row for row in self.rows}
        self.rows_of_uid, self.rows_of_attempt = (collections.defaultdict(list) for _ in range(2))
        for row in self.rows:
            self.rows_of_attempt[row["attempt"].lower()].append(row)
            self.rows_of_uid[row["uid"].upper()].append(row)
        self.facts_of_attempt = collections.defaultdict(list)
        for fact in (fact for ledger in ledgers for fact in ledger.outbox):
            self.facts_of_attempt[str(fact.json.get("attempt", "")).lower()].append(fact)
        self.by_uid = {card.uid: card for card in memories}
        self.incarnations = {ledger.incarnation: ledger for ledger in ledgers}
        self.handed_over = [row for row in self.rows if row["state"] == "handed_over"]

    def look(self, things):
        """Goes through things and counts them."""
        for thing in things:
            self.seen += 1
            yield thing

    def renewal(self, row):
        return next(l.renewals[row["renewal"]] for l in self.ledgers if row["renewal"] in l.renewals)

    def row_of(self, card):
        """The ledger's row for the attempt on the card, or else the newest for the chip."""
        rows = self.rows_of_uid.get(card.uid)
        return self.by_attempt.get(card.attempt) or (rows[-1] if rows else None)

    def must_verify(self, card):
        """A card that claims to be finished, or that the ledger counts as finished."""
        return card.finished or any(row["state"] in MADE_STATES
                                    for row in self.rows_of_uid.get(card.uid, ()))


def named(card):
    return f"card {card.uid}"


@invariant("the databases are whole")
def databases(world):
    for store in world.look([*world.ledgers, world.central]):
        for fault in store.damage:
            yield f"{store.path.name}: {fault}"


@invariant("each finished card has its four diversified keys and no default key")
def keys(world):
    for card in world.look(filter(world.must_verify, world.cards)):
        for fault in card.key_faults:
            yield f"{named(card)}: {fault}"


@invariant("each finished card has the settings and files of the specification")
def layout(world):
    for card in world.look(filter(world.must_verify, world.cards)):
        for fault in card.layout_faults:
            yield f"{named(card)}: {fault}"


@invariant("each finished card's credential is signed, deterministic and for this chip")
def credential(world):
    for card in world.look(filter(world.must_verify, world.cards)):
        for fault in card.credential_faults:
            yield f"{named(card)}: {fault}"


@invariant("each finished card's state file fits its pass file")
def state(world):
    for card in world.look(filter(world.must_verify, world.cards)):
        for fault in card.state_faults:
            yield f"{named(card)}: {fault}"


@invariant("each finished card belongs to one ledger row that agrees with it")
def one_row(world):
    uids = collections.Counter(card.uid for card in world.cards)
    for uid in (uid for uid, count in uids.items() if count > 1):
        yield f"{uids[uid]} memories have UID {uid}"
    for card in world.look(card for card in world.cards if card.finished):
        rows = world.rows_of_attempt.get(card.attempt, ())
        if len(rows) != 1:
            yield f"{named(card)}: {len(rows)} ledger rows for its attempt {card.attempt or '?'}"
            continue
        for fault in disagreements(card, rows[0], world.renewal(rows[0])):
            yield f"{named(card)}: {fault}"


def disagreements(card, row, renewal):
    claims = card.claims
    first, last = (datetime.date.fromisoformat(renewal[n]) for n in ("valid_from", "valid_to"))
    for label, on_card, in_ledger in (
            ("UID", card.uid, row["uid"].upper()),
            ("credential", hashlib.sha256(card.credential).digest(), row["credential_sha256"]),
            ("key generation", card.generation, row["key_generation"]),
            ("pass number", claims.get(cards.SUB), renewal["pass_no"]),
            ("old pass", claims.get(cards.OLD_PASS), renewal["old_pass_no"]),
            ("first day", claims.get(cards.NBF), cards.midnight(first)),
            ("last day", claims.get(cards.EXP), cards.midnight(last + datetime.timedelta(days=1))),
            ("port areas", claims.get(cards.AREAS), json.loads(renewal["port_areas"]))):
        if on_card != in_ledger:
            show = [v.hex() if isinstance(v, bytes) else v for v in (on_card, in_ledger)]
            yield f"its {label} is {show[0]}, the ledger's {show[1]}"


@invariant("each ledger row's card is there, in the stage that the row says")
def card_of_row(world):
    exchanged_on = {world.renewal(row)["old_pass_no"] for row in world.handed_over}
    for row in world.look(world.rows):
        card = world.by_uid.get(row["uid"].upper())
        mine = card is not None and card.attempt == row["attempt"].lower()
        allowed = {"verified": ("made",), "authorised": ("made", "active"),
                   "handed_over": ("active",)}.get(row["state"])
        if row["state"] == "handed_over" and world.renewal(row)["pass_no"] in exchanged_on:
            allowed = ("active", "retired", "voided")
        label = f"card {row['uid']} is {row['state']} in the ledger"
        if allowed is None:
            if mine and card.live:
                yield f"{label} but live"
        elif card is None:
            yield f"{label} but no memory of it is there"
        elif card.stage not in allowed or not mine:
            yield f"{label} but the card is {card.stage}" + ("" if mine else " for another attempt")


@invariant("no card was changed from blank without a journal line that names it")
def journal_names_card(world):
    started = set()
    for ledger in world.ledgers:
        for line in ledger.journal:
            texts = line.texts()
            if "attempt_started" in texts or "adopted" in texts:
                started.update(text.upper() for text in texts)
    for card in world.look(card for card in world.cards if card.changed):
        if card.uid in world.options.foreign:
            continue
        if card.uid not in started:
            yield f"{named(card)} was changed without a journal line"
        if card.uid not in world.rows_of_uid:
            yield f"{named(card)} was changed and no ledger row names it"


@invariant("no renewal, old pass or chain of exchanges has two live cards")
def one_live_card(world):
    link = {}

    def root(number):
        while number in link:
            number = link[number]
        return number

    pairs = [(p["pass_no"], p["replaces"]) for p in world.central.passes.values() if p["replaces"]]
    pairs += [(r["pass_no"], r["old_pass_no"]) for r in world.central.renewals.values()]
    pairs += [(r["pass_no"], r["old_pass_no"]) for l in world.ledgers for r in l.renewals.values()]
    pairs += [(c.claims[cards.SUB], c.claims[cards.OLD_PASS]) for c in world.cards
              if cards.SUB in c.claims and cards.OLD_PASS in c.claims]
    for new, old in pairs:
        if root(new) != root(old):
            link[root(new)] = root(old)
    live = [card for card in world.look(world.cards) if card.live]
    groups = collections.defaultdict(lambda: collections.defaultdict(set))
    for card in live:
        row = world.row_of(card)
        renewal = world.renewal(row) if row else None
        number = renewal["pass_no"] if renewal else card.claims.get(cards.SUB, card.uid)
        old = renewal["old_pass_no"] if renewal else card.claims.get(cards.OLD_PASS, card.uid)
        if renewal:
            groups["renewal"][renewal["id"]].add(card.uid)
        groups["pass"][number].add(card.uid)
        groups["old pass"][old].add(card.uid)
        groups["chain of exchanges of"][root(number)].add(card.uid)
    said = set()
    for kind, members in groups.items():
        for name, uids in members.items():
            if len(uids) > 1 and frozenset(uids) not in said:
                said.add(frozenset(uids))
                yield f"{kind} {name} has {len(uids)} live cards: {', '.join(sorted(uids))}"


@invariant("a card is live only under the central's authorisation for that card")
def authorised(world):
    rows = {row["attempt"]: row for row in world.rows if row["state"] in ("authorised", "handed_over")}
    for card in world.cards:
        row = world.row_of(card) if card.live else None
        if row:
            rows[row["attempt"]] = row
        elif card.live:
            yield f"{named(card)} is live and no ledger row names it"
    for row in world.look(rows.values()):
        label = f"card {row['uid']} ({row['state']})"
        if not row["authorisation"]:
            yield f"{label}: live or handed over without an authorisation in the ledger"
            continue
        granted = world.central.authorisations.get(row["authorisation"].lower())
        if granted is None:
            yield f"{label}: the central never granted authorisation {row['authorisation']}"
            continue
        for name in ("renewal", "attempt", "epoch", "uid"):
            if str(granted[name]).lower() != str(row[name]).lower():
                yield f"{label}: its authorisation is for {name} {granted[name]}, not {row[name]}"


@invariant("what was handed over is issued at the central exactly once, and nothing else is")
def issued(world):
    central = world.central
    handed = {row["renewal"]: row for row in world.handed_over}
    if len(handed) != len(world.handed_over):
        yield "the ledger handed over two cards for one renewal"
    exchanged_on = {r["old_pass_no"] for r in central.renewals.values() if r["status"] == "issued"}
    counts = collections.Counter(fact.json.get("renewal") for fact in central.facts
                                 if fact.type == "handed_over" and fact.outcome == "applied")
    for name, row in world.look(handed.items()):
        renewal = central.renewals.get(name)
        if renewal is None:
            yield f"renewal {name} was handed over and the central does not know it"
            continue
        if renewal["status"] != "issued":
            yield f"renewal {name} was handed over but not issued: the central says {renewal['status']}"
        if counts[name] != 1:
            yield f"renewal {name}: the central applied {counts[name]} facts of its hand-over, not 1"
        old, new = (central.passes.get(renewal[n]) for n in ("old_pass_no", "pass_no"))
        if old is None or old["state"] != "off":
            yield f"renewal {name}: old pass {renewal['old_pass_no']} is not off"
        if renewal["pass_no"] not in exchanged_on and (new is None or new["state"] != "active"):
            yield f"renewal {name}: new pass {renewal['pass_no']} is not on"
    for name in world.look(sorted(issued_here(world) - set(handed))):
        yield f"renewal {name} is issued at the central but not handed over in the ledger"
    olds = collections.Counter(r["old_pass_no"] for r in central.renewals.values()
                               if r["status"] == "issued")
    for old, count in olds.items():
        if count > 1:
            yield f"old pass {old} was issued twice: {count} renewals of it are issued"
    if world.options.expect_issued is not None:
        for where, count in (("ledger", len(handed)), ("central", len(issued_here(world)))):
            if count != world.options.expect_issued:
                yield f"{count} issued in the {where}, not {world.options.expect_issued}"


def issued_here(world):
    """Renewals that are issued at the central, without those that were issued when they came, which
    no station ever touched, and those that only another station touched."""
    touched = collections.defaultdict(set)
    for fact in world.central.facts:
        touched[fact.json.get("renewal")].add(fact.incarnation)
    authorised_ones = {row["renewal"] for row in world.central.authorisations.values()}
    found = set()
    for name, renewal in world.central.renewals.items():
        if renewal["status"] != "issued":
            continue
        if touched[name]:
            if touched[name] & set(world.incarnations):
                found.add(name)
        elif renewal["uid"] or renewal["started_attempt"] or name in authorised_ones:
            found.add(name)
    return found


@invariant("the central has the UID and the credential that are on the card")
def central_card(world):
    for row in world.look(row for row in world.rows if row["state"] in MADE_STATES):
        renewal = world.central.renewals.get(row["renewal"])
        label = f"renewal {row['renewal']}"
        if renewal is None or renewal["status"] == "withdrawn":
            continue  # `issued` says it where it matters
        if not renewal["uid"]:
            yield f"{label}: the central knows of no card, the ledger of {row['uid']}"
            continue
        if renewal["uid"].upper() != row["uid"].upper():
            yield f"{label}: the central's card is {renewal['uid']}, the ledger's {row['uid']}"
        if (renewal["attempt"] or "").lower() != row["attempt"].lower():
            yield f"{label}: the central has another attempt than the ledger"
        card = world.by_uid.get(row["uid"].upper())
        content = card.credential if card else b""
        digest = hashlib.sha256(content).hexdigest()
        if (renewal["credential_sha256"] or "").lower() != digest:
            yield f"{label}: the central's credential hash is not that of card {row['uid']}"
        if renewal["credential"] != content:
            yield f"{label}: the central's credential is not octet for octet the one on the card"


@invariant("the journal's chain is whole")
def journal_chain(world):
    for ledger in world.ledgers:
        yield from chain(world.look(ledger.journal), f"{ledger.path.name}: journal record")


@invariant("the outbox's chain is whole")
def outbox_chain(world):
    for ledger in world.ledgers:
        yield from chain(world.look(ledger.outbox), f"{ledger.path.name}: fact")
        for fact in ledger.outbox:
            if fact.json.get("seq") != fact.number:
                yield f"fact {fact.number} says it is fact {fact.json.get('seq')}"
            if str(fact.json.get("incarnation")).lower() != ledger.incarnation:
                yield f"fact {fact.number} is of another incarnation than the ledger"


def chain(lines, label):
    wanted, head = 1, ZEROS
    for line in lines:
        if line.number != wanted:
            yield f"{label} {wanted} is missing: the next is {line.number}"
        if line.sha256 != line.stored_sha256:
            yield f"{label} {line.number} was rewritten: its hash is another"
        if octets(line.json.get("previous")) != head:
            yield f"{label} {line.number} does not follow from the line before: chain broken"
        wanted, head = line.number + 1, line.sha256


@invariant("the central's facts are the outbox's, octet for octet, in order, none lost or doubled")
def facts(world):
    central = list(world.look(world.central.facts))
    for ledger in world.ledgers:
        stored = [fact for fact in central if fact.incarnation == ledger.incarnation]
        if len({fact.station for fact in stored}) > 1:
            yield "facts of one incarnation under two stations"
        yield from compare_facts(ledger, {fact.number: fact for fact in stored})
        yield from twice(stored, "the central")
        yield from twice(ledger.outbox, ledger.path.name)
    if not world.options.other_stations:
        for incarnation in sorted({f.incarnation for f in central} - set(world.incarnations)):
            yield f"the central has facts of incarnation {incarnation}, which no ledger is"


def compare_facts(ledger, stored):
    places = {fact.text: fact.number for fact in ledger.outbox}
    for fact in ledger.outbox:
        there = stored.get(fact.number)
        if there is None:
            if fact.number in ledger.acknowledged:
                yield f"fact {fact.number} was acknowledged but the central does not have it"
            else:
                yield f"fact {fact.number} is missing at the central"
        elif there.text in places and there.text != fact.text:
            yield f"fact {fact.number} at the central is the outbox's fact {places[there.text]}: reordered"
        elif there.text != fact.text:
            yield f"fact {fact.number} is another line at the central"
        elif there.stored_sha256 != there.sha256:
            yield f"fact {fact.number}: the central stored another hash than the line has"
        elif there.stored_type != fact.type or there.renewal != fact.json.get("renewal"):
            yield f"fact {fact.number}: the central read another type or renewal than it says"
    for number in sorted(set(stored) - {fact.number for fact in ledger.outbox}):
        yield f"the central has fact {number}, which the outbox has not"


def twice(lines, where):
    ids = collections.Counter(str(line.json.get("id")).lower() for line in lines)
    for name, count in ids.items():
        if count > 1:
            yield f"{where} has fact {name} {count} times: doubled"


@invariant("every fact is acknowledged")
def acknowledged(world):
    for ledger in world.ledgers:
        for fact in world.look(ledger.outbox):
            if fact.number not in ledger.acknowledged and not world.options.allow_unacknowledged:
                yield f"fact {fact.number} is not acknowledged"


@invariant("each card's facts tell a life that a card can have")
def lives(world):
    for ledger in world.ledgers:
        for fact in ledger.outbox:
            attempt = fact.json.get("attempt")
            if attempt and str(attempt).lower() not in world.by_attempt:
                yield f"fact {fact.number} is of attempt {attempt}, which the ledger does not have"
    for row in world.look(world.rows):
        told = [f for f in world.facts_of_attempt[row["attempt"].lower()]
                if f.type != "handover_refused"]
        renewal = world.central.renewals.get(row["renewal"])
        for fault in life_faults(row, told, renewal is not None and renewal["made_elsewhere"]):
            yield f"card {row['uid']} ({row['state']}): {fault}"


def life_faults(row, told, made_elsewhere):
    types = [fact.type for fact in told]
    adopted = [fact for fact in told if fact.type == "verified" and fact.json.get("reason") == "adopted"]
    if types[:1] != ["attempt_started"] and adopted != told[:1]:
        yield "its first fact is neither attempt_started nor an adoption"
    if adopted and (adopted != told[:1] or "attempt_started" in types):
        yield "adopted, and begun here too"
    if adopted and not made_elsewhere:
        yield "adopted, and its renewal's card was not made elsewhere"
    for fact in told:
        for name, column in (("card", "uid"), ("renewal", "renewal"), ("epoch", "epoch")):
            said = fact.json.get(name)
            if said is not None and str(said).lower() != str(row[column]).lower():
                yield f"fact {fact.number} says {name} {said}, the ledger {row[column]}"
        if fact.type == "verified":
            content = octets(fact.json.get("credential")) or b""
            if hashlib.sha256(content).digest() != row["credential_sha256"]:
                yield f"fact {fact.number} told the central another credential"
        if fact.type in ("card_activated", "handed_over"):
            if str(fact.json.get("authorisation")).lower() != str(row["authorisation"]).lower():
                yield f"fact {fact.number} names another authorisation than the ledger"
    handed = types.count("handed_over")
    if handed != (row["state"] == "handed_over"):
        yield f"{handed} facts of a hand-over"
    for later, earlier in (("handed_over", "card_activated"), ("card_activated", "verified")):
        if later in types and earlier not in types[:types.index(later)]:
            yield f"{later} without {earlier} before"
    if row["state"] in MADE_STATES and "verified" not in types:
        yield "no fact says that it was verified"
    ended = [name for name in types if name in ENDINGS]
    if row["state"] in OVER_STATES and ended != [row["state"]]:
        yield f"{row['state']} in the ledger and told as {', '.join(ended) or 'nothing'}"
    if row["state"] not in OVER_STATES and ended:
        yield f"told as {', '.join(ended)}"
    lost = [name for name in types if name in ("missing", "found")]
    if lost != ["missing", "found"] * (len(lost) // 2) + ["missing"] * (len(lost) % 2):
        yield "missing and found do not follow one another"
    if len(lost) % 2 != row["missing"] and row["state"] not in OVER_STATES:
        yield "missing in the ledger and in no fact, or the other way round"
    if row["state"] == "written_off" and lost[-1:] != ["missing"]:
        yield "written off and never missing"


@invariant("no card is in doubt")
def in_doubt(world):
    for row in world.look(world.rows):
        if row["state"] in OPEN_STATES and not world.options.allow_in_doubt:
            yield f"card {row['uid']} of renewal {row['renewal']} is {row['state']}"


@invariant("no live card is out of date on the business date")
def in_date(world):
    today = cards.midnight(world.options.business_date)
    for card in world.look(card for card in world.cards if card.live):
        if card.claims.get(cards.EXP, today + 1) <= today:
            yield f"{named(card)} is live and expired"
