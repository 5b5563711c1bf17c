"""Every call of the station API, asked of a real centrald, rightly and wrongly; each request that was
taken and each answer is held against sync/openapi.yaml. So is what the C++ code encodes.

    /usr/bin/python3 contract_test.py PROGRAMS WIRE_SAMPLES
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import uuid

import jsonschema
import yaml

from central_process import Central, Ledger

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "sync" / "openapi.yaml").read_text(encoding="utf-8"))
CARD = "04A1B2C3D4E5F6"
RESOLVER = jsonschema.RefResolver("", DOCUMENT)


def check(schema, value):
    jsonschema.Draft202012Validator(
        schema, resolver=RESOLVER, format_checker=jsonschema.FormatChecker()).validate(value)


def schema_named(name):
    return {"$ref": f"#/components/schemas/{name}"}


def resolved(entry):
    while "$ref" in entry:
        _, reference = RESOLVER.resolve(entry["$ref"])
        entry = reference
    return entry


def operation_of(method, target):
    """The operation, and what its path parameters are."""
    path = urllib.parse.urlsplit(target).path
    for template, item in DOCUMENT["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        match = re.fullmatch(re.sub(r"{\w+}", "([^/]+)", template), path)
        if match and method.lower() in item:
            operation = item[method.lower()]
            parameters = [resolved(each) for each in
                          item.get("parameters", []) + operation.get("parameters", [])]
            return operation, parameters, dict(zip(names, match.groups()))
    return None, [], {}


def as_typed(schema, text):
    return int(text) if resolved(schema).get("type") == "integer" else text


def check_request(operation, parameters, path_values, target, headers, body):
    given = {("path", name): value for name, value in path_values.items()}
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query, keep_blank_values=True)
    given.update({("query", name): values[0] for name, values in query.items()})
    given.update({("header", name.lower()): value for name, value in headers.items()})
    for parameter in parameters:
        key = (parameter["in"], parameter["name"].lower() if parameter["in"] == "header"
               else parameter["name"])
        if key in given:
            check(parameter["schema"], as_typed(parameter["schema"], given.pop(key)))
        else:
            assert not parameter.get("required"), f"{key} is missing and was accepted"
    unknown = [key for key in given if key[0] != "header"]
    assert not unknown, f"{unknown} are not in the document and were accepted"
    if body is None:
        assert not resolved(operation.get("requestBody", {})).get("required")
        return
    content = operation["requestBody"]["content"]
    media = headers["Content-Type"]
    assert media in content, media
    if media == "application/json":
        check(content[media]["schema"], json.loads(body))
    else:
        for line in body.split(b"\n"):
            check(schema_named("Fact"), json.loads(line))


def check_answer(operation, answer):
    responses = operation["responses"]
    response = resolved(responses.get(str(answer.status), responses["default"]))
    if str(answer.status) not in responses:
        assert answer.status >= 400, f"status {answer.status} is not in the document"
    assert answer.type in response["content"], f"{answer.type} is not in the document"
    schema = response["content"][answer.type]["schema"]
    if answer.type.endswith("json") and not answer.type.endswith("ndjson"):
        check(schema, answer.json)
    elif answer.type == "application/x-ndjson":
        for line in answer.body.split(b"\n")[:-1]:
            check(schema_named("Fact"), json.loads(line))
    if answer.status >= 400:
        assert answer.json["status"] == answer.status


class Contract(unittest.TestCase):
    programs = wire_samples = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.central = Central(cls.programs, cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.central.stop()
        cls.folder.cleanup()

    def problem(self, answer, status, code, retryable=False):
        self.assertEqual((answer.status, answer.json["code"], answer.json["retryable"]),
                         (status, code, retryable), answer.body)

    def authorise(self, renewal, attempt, card, key=None, epoch=1, **more):
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.central.ask(
            "POST", f"/v1/renewals/{renewal}/handover-authorizations",
            {"station": "kh", "attempt": attempt, "epoch": epoch, "card": card, **more}, headers)

    def test_1_an_exchange_and_every_other_call(self):
        ask = self.central.ask
        self.assertEqual(ask("GET", "/healthz").status, 200)
        self.problem(ask("GET", "/v1/stations/kh/facts/acknowledged"), 404, "no_incarnation")
        first, second = self.central.apply("KHPS109-010323", "KHPS109-010314")
        page = ask("GET", "/v1/stations/kh/renewals?cursor=&wait=0").json
        ids = {each["pass_number"]: each["id"] for each in page["renewals"]}
        photo = {each["pass_number"]: each["photo"] for each in page["renewals"]}[first]
        self.assertEqual(ask("GET", f"/v1/photos/{photo}?station=kh").type, "image/png")
        self.problem(ask("GET", f"/v1/photos/{photo}?station=kl"), 404, "unknown")
        self.problem(ask("GET", "/v1/photos/00?station=kh"), 400, "malformed")
        self.assertEqual(len(ask("GET", "/v1/letter-keys").json["points"]), 1)

        ledger = Ledger(self.central)
        opening = f"/v1/stations/kh/incarnations/{ledger.incarnation}"
        self.assertEqual(ask("PUT", opening, {}).status, 200)
        granted = ledger.claim(ids[first], ids[second], str(uuid.uuid4()))
        self.assertEqual(len(granted["granted"]), 2)
        self.assertEqual(len(granted["refused"]), 1)
        released = ask("POST", "/v1/stations/kh/claims/releases", {"claims": [
            {"renewal": ids[second], "epoch": 1}, {"renewal": ids[first], "epoch": 9}]}).json
        self.assertEqual(released["released"], [ids[second]])
        attempt = ledger.produce(ids[first], 1, CARD)
        held = ask("GET", "/v1/stations/kh/claims").json["claims"]
        self.assertEqual([each.get("card") for each in held], [CARD])
        self.assertEqual(ask("GET", f"/v1/stations/kh/claims?after={ids[first]}").json["claims"], [])

        key = str(uuid.uuid4())
        grant = self.authorise(ids[first], attempt, CARD, key)
        self.assertEqual(grant.status, 200)
        self.problem(self.authorise(ids[first], attempt, "04000000000000", key), 422,
                     "idempotency_key_reused")
        self.problem(self.authorise(ids[first], attempt, "04000000000000"), 409, "other_card")
        self.problem(self.authorise(str(uuid.uuid4()), attempt, CARD), 404, "unknown")
        common = dict(attempt=attempt, card=CARD, epoch=1)
        answer = ledger.send(
            ledger.line("missing", ids[first], **common), ledger.line("found", ids[first], **common),
            ledger.line("handover_refused", ids[first], reason="wrong_old_pass"),
            ledger.line("old_pass_retired", ids[first], authorisation=grant.json["id"], **common),
            ledger.line("card_activated", ids[first], authorisation=grant.json["id"], **common),
            ledger.line("handed_over", ids[first], authorisation=grant.json["id"],
                        evidence="letter_missing+qr_number_matched", collector="holder",
                        supervisor="s-17", reason="lost", **common),
            ledger.line("torn", str(uuid.uuid4()), **common),
            ledger.line("attempt_started", ids[second], **common))
        outcomes = [each["outcome"] for each in answer.json["results"]]
        self.assertEqual(outcomes, ["applied"] * 6 + ["stored_unknown", "stored_conflict"])
        self.assertEqual(self.central.renewal(first)["status"], "issued")

        mine = f"/v1/stations/kh/facts?incarnation={ledger.incarnation}"
        self.assertEqual(len(ask("GET", mine + "&after=1").body.split(b"\n")), ledger.seq)
        head = ask("GET", "/v1/stations/kh/facts/acknowledged").json
        self.assertEqual((head["seq"], head["head"]), (ledger.seq, ledger.head.hex().upper()))
        self.assertEqual(ask("GET", "/v1/stations/kh/facts/acknowledged?incarnation=" +
                             ledger.incarnation).json, head)
        restored = f"/v1/stations/kh/incarnations/{uuid.uuid4()}"
        self.problem(ask("PUT", restored, {}), 409, "incarnation_follows")
        self.assertEqual(ask("PUT", restored, {"follows": head}).status, 200)
        self.problem(ledger.send(ledger.line("torn", ids[first], **common)), 409,
                     "incarnation_closed")
        self.assertEqual(ask("PUT", "/v1/stations/kh/status", {
            "at": "2021-12-01T04:00:00.000Z", "incarnation": ledger.incarnation, "facts_owed": 0,
            "cards_in_doubt": 0, "software": "test"}).status, 200)

    def test_2_whatever_is_wrong_is_a_problem_with_a_stable_code(self):
        ask = self.central.ask
        claims, facts = "/v1/stations/kl/claims", "/v1/stations/kl/facts"
        for wrong in (b"", b"{", b"[]", b'{"claim_id":1}', b"\xff", b"[" * 500,
                      json.dumps({"claim_id": str(uuid.uuid4()), "renewals": [], "x": 1}).encode(),
                      json.dumps({"claim_id": "x", "renewals": []}).encode()):
            self.problem(ask("POST", claims, wrong), 400, "malformed")
        claim = {"claim_id": str(uuid.uuid4()), "renewals": []}
        self.assertEqual(ask("POST", claims, claim).status, 200)
        claim["renewals"] = [str(uuid.uuid4())]
        self.problem(ask("POST", claims, claim), 422, "claim_id_reused")
        self.problem(ask("POST", claims, b"x" * (1024 * 1024 + 1)), 413, "body_too_large")
        self.problem(ask("POST", facts, b"{}\n" * 101), 413, "batch_too_large")
        self.problem(ask("POST", facts, b"x" * 8193), 413, "batch_too_large")
        self.problem(ask("POST", facts, b"nonsense"), 400, "fact_unreadable")
        ledger = Ledger(self.central, "kl")
        ledger.line("torn", str(uuid.uuid4()))
        self.problem(ledger.send(ledger.line("torn", str(uuid.uuid4()))), 409, "fact_gap", True)
        self.problem(ask("GET", "/v1/stations/kl/renewals?cursor=x&wait=0"), 400, "bad_cursor")
        self.problem(ask("GET", "/v1/stations/kl/renewals?cursor=99999"), 410, "cursor_expired")
        self.problem(ask("GET", "/v1/stations/nobody/renewals"), 404, "unknown_station")
        self.problem(ask("GET", "/v1/stations/kl/facts?incarnation=x"), 400, "malformed")
        self.problem(ask("GET", "/v1/stations/kl/facts/acknowledged?incarnation=x"), 400, "malformed")
        self.problem(ask("GET", "/v1/stations/kl/claims?after=x"), 400, "malformed")
        self.problem(ask("PUT", "/v1/stations/kl/incarnations/x", {}), 400, "malformed")
        self.problem(ask("PUT", "/v1/stations/kl/status", {"at": 1}), 400, "malformed")
        self.problem(ask("POST", "/v1/stations/kl/claims/releases", {}), 400, "malformed")
        self.problem(ask("DELETE", claims), 405, "method")
        self.problem(ask("GET", "/v1/nowhere"), 404, "no_such_route")
        renewal = f"/v1/renewals/{uuid.uuid4()}/handover-authorizations"
        self.problem(ask("POST", renewal, {}), 400, "idempotency_key")
        self.problem(ask("POST", renewal, {}, {"Idempotency-Key": str(uuid.uuid4())}), 400,
                     "malformed")

    def test_3_every_exchange_is_as_the_document_says(self):
        seen = set()
        for method, target, headers, body, answer in self.central.recorded:
            with self.subTest(call=f"{method} {target} {answer.status}"):
                operation, parameters, path_values = operation_of(method, target)
                if operation is None:
                    self.assertIn(answer.json["code"], ("no_such_route", "method"))
                    check(schema_named("Problem"), answer.json)
                    continue
                check_answer(operation, answer)
                if answer.status < 300:
                    check_request(operation, parameters, path_values, target, headers, body)
                seen.add((operation["operationId"], str(answer.status)))
        wanted = {(operation["operationId"], status)
                  for item in DOCUMENT["paths"].values() for name, operation in item.items()
                  if name != "parameters" for status in operation["responses"] if status != "default"}
        self.assertEqual(wanted - seen, set(), "documented and never seen")

    def test_4_what_the_code_encodes_is_as_the_document_says(self):
        lines = subprocess.run([self.wire_samples], capture_output=True, check=True).stdout
        names = []
        for line in lines.decode().splitlines():
            name, text = line.split(" ", 1)
            names.append(name)
            with self.subTest(message=name):
                check(schema_named(name), json.loads(text))
        self.assertGreaterEqual(len(names), 17)

    def test_5_a_document_that_says_something_else_is_noticed(self):
        with self.assertRaises(jsonschema.ValidationError):
            check(schema_named("Acknowledged"), {"seq": 0, "head": "00" * 32})
        with self.assertRaises(jsonschema.ValidationError):
            check(schema_named("Problem"), {"status": 409, "code": "unheard_of", "detail": "",
                                            "retryable": False})


if __name__ == "__main__":
    Contract.programs, Contract.wire_samples = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
