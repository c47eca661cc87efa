// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
)

// command is a shell command to copy, and what it does.
type command struct {
	does  string
	shell []string // lines
}

// chapter is some commands that belong together.
type chapter struct {
	title    string
	commands []command
}

func (h *byHand) chapters() []chapter {
	return []chapter{
		{"Scenario 1: the hospital asks Mitz", h.scenario1()},
		{"For who builds a record server", h.forDevelopers()},
		{"Scenario 2: the requester brings what Mitz attested", h.scenario2()},
		{"Scenario 3: the requester recorded the consent", h.scenario3()},
		{"For who answers for security or privacy", h.forOfficers()},
		{"At last", []command{{"See what Mitz was asked (this shows the patients' test numbers):", []string{"curl -s " + h.control + "/queries"}}}},
	}
}

func (h *byHand) scenario1() []command {
	client, other := h.cast.client, h.cast.other
	return []command{
		{"Ask for a token about " + client.name + ", at the midwife's node, and keep it:", h.token(client.fileName(".json"))},
		{"See what the record server is told about it (this shows the patient's test number):", []string{h.introspect("| tr , '\\n'")}},
		{"Read the notes with it (and " + other.fileName(".form") + " instead of " + client.fileName(".form") + " is refused):", []string{
			fmt.Sprintf(`curl -s --cacert %s -H "Authorization: Bearer $TOKEN" \`, h.quote("ca.pem")),
			fmt.Sprintf(`  --write-out '\nHTTP %%{http_code}\n' %s/fhir/Patient/_search -d %s`, h.records.URL, h.body(client.fileName(".form"))),
		}},
		{"Ask for a token about " + other.name + ", who has recorded nothing in Mitz:", h.ask(other)},
		{"Withdraw " + client.name + "'s consent in Mitz, and ask again:", append([]string{h.tellMitz("/consents/forget", client.fileName("-patient.json"))}, h.ask(client)...)},
		{"Record it again:", []string{h.tellMitz("/consents", client.fileName("-consent.json"))}},
	}
}

// forDevelopers has what a record server does, and may not do.
func (h *byHand) forDevelopers() []command {
	client, other := h.cast.client, h.cast.other
	access := fmt.Sprintf(`  | curl -s -o /dev/null -w 'HTTP %%{http_code}\n' -H 'Content-Type: application/json' --data-binary @- %s/internal/mitz/v1/%s/access`,
		h.DataHolder.InternalURL(), hospitalSubject)
	search := h.records.URL + "/fhir/Patient/_search"
	withProof := func(headers string) string {
		return fmt.Sprintf(`curl -s -o /dev/null -w 'HTTP %%{http_code}\n' --cacert %s %s %s -d %s`, h.quote("ca.pem"), headers, search, h.body(client.fileName(".form")))
	}
	return []command{
		{"Get a new token, and ask the hospital's node whether a request with it is allowed (200), and one about " + other.name + " (403):", append(h.token(client.fileName(".json")),
			fmt.Sprintf(`sed "s/TOKEN/$TOKEN/" %s \`, h.quote(client.fileName("-access.json"))), access,
			fmt.Sprintf(`sed "s/TOKEN/$TOKEN/" %s \`, h.quote(other.fileName("-access.json"))), access)},
		{"End the tokens about her, as the hospital's own system can, and introspect it again:", []string{
			fmt.Sprintf("curl -s %s/internal/mitz/v1/%s/revocations -H 'Content-Type: application/json' -d %s", h.DataHolder.InternalURL(), hospitalSubject, h.body(client.fileName("-patient.json"))),
			h.introspect(""),
		}},
		{"A token that is bound to a key. The midwife's node makes a proof for one request; with it the record server answers, without it or a second time not:", []string{
			fmt.Sprintf("ANSWER=$(%s -H 'Content-Type: application/json' -d %s)", h.tokenCall(), h.body(client.fileName("-bound.json"))),
			`BOUND=$(echo "$ANSWER" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')`,
			`KEY=$(echo "$ANSWER" | sed -n 's/.*"dpop_kid":"\([^"]*\)".*/\1/p' | sed 's/%/%25/g; s/#/%23/g; s/%/%25/g')`,
			fmt.Sprintf(`PROOF=$(printf '{"htm": "POST", "htu": "%s", "token": "%%s"}' "$BOUND" \`, search),
			fmt.Sprintf(`  | curl -s -H 'Content-Type: application/json' --data-binary @- "%s/internal/auth/v2/dpop/$KEY" | sed 's/.*"dpop":"\([^"]*\)".*/\1/')`, h.Requester.InternalURL()),
			withProof(`-H "Authorization: DPoP $BOUND" -H "DPoP: $PROOF"`),
			withProof(`-H "Authorization: DPoP $BOUND" -H "DPoP: $PROOF"`),
			withProof(`-H "Authorization: Bearer $BOUND"`),
		}},
	}
}

// forOfficers has what the hospital's audit file shows, and what becomes of it when it is altered.
func (h *byHand) forOfficers() []command {
	client, file, altered := h.cast.client, quoted(h.Path(hospitalAudit)), h.quote("altered.jsonl")
	verify := quoted(h.node) + " mitz audit verify --file "
	return []command{
		{"Is the hospital's audit file as it was written?", []string{verify + file}},
		{"Make the page for " + client.name + ", who wants to know who asked for her data, and open it in a browser:", []string{
			fmt.Sprintf("%s mitz audit show --language en --patient-file %s --file %s > %s", quoted(h.node), h.quote(client.fileName(".bsn")), file, h.quote("page.html")),
			`grep -o 'Access given[^<]*' ` + h.quote("page.html") + "; echo " + h.quote("page.html"),
		}},
		{"Make consent of a refusal in a copy, and verify that (the command fails):", []string{
			fmt.Sprintf(`(umask 077; sed 's/"outcomeDesc":"denied"/"outcomeDesc":"permit"/' %s > %s)`, file, altered),
			verify + altered,
		}},
	}
}

func (h *byHand) scenario2() []command {
	west := h.cast.west
	return []command{
		{west.name + " consents. A function that does what the midwife's system does: it tells Mitz what is to be attested, hands the answer to its node, and follows the redirects as a browser does:", []string{
			h.tellMitz("/consents", west.fileName("-consent.json")),
			"obtain() {",
			fmt.Sprintf(`  DETAILS=$(curl -s --cacert %s --cert %s --key %s \`, quoted(h.Mitz.Files.TrustStore), quoted(h.Mitz.Files.Certificate), quoted(h.Mitz.Files.Key)),
			fmt.Sprintf(`    -H 'Content-Type: application/json' -d "@$1" %s | tr -d '\n' | sed 's/.*"authorization_details": *\(\[.*\]\).*/\1/')`, h.Mitz.CredentialRequestURL()),
			fmt.Sprintf(`  GO=$(printf '{"wallet_did": "%%s", "issuer": "%%s", "redirect_uri": "%%s", "authorization_details": %%s}' %s %s %s/status "$DETAILS" \`,
				h.RequesterOrg.DID, h.Mitz.Issuer().URL(), h.Requester.PublicURL()),
			fmt.Sprintf(`    | curl -s -H 'Content-Type: application/json' --data-binary @- %s/internal/auth/v2/%s/request-credential \`, h.Requester.InternalURL(), h.RequesterOrg.Name),
			`    | sed 's/.*"redirect_uri":"\([^"]*\)".*/\1/; s/\\u0026/\&/g')`,
			fmt.Sprintf(`  curl -s -L -b '' --cacert %s "$GO"; echo`, h.quote("ca.pem")),
			"}",
		}},
		{"With it, the attestation goes into the wallet of the midwife's node:", []string{"obtain " + h.quote(west.fileName("-attestation.json"))}},
		{"Ask the birth centre for a token. Nobody is asked for it:", h.ask(west)},
		{"Withdraw her consent in Mitz, which revokes the attestation, and ask again:", append([]string{h.tellMitz("/consents/forget", west.fileName("-patient.json"))}, h.ask(west)...)},
	}
}

func (h *byHand) scenario3() []command {
	asked := h.cast.asked
	wallet := fmt.Sprintf("%s/internal/vcr/v2/holder/%s/vc", h.Requester.InternalURL(), h.RequesterOrg.Name)
	return []command{
		{"The practice takes part in the Mitz scheme, and its node obtains the credential that says so, as in scenario 2:", []string{
			fmt.Sprintf(`curl -s %s/members -d '{"organization": "%s", "role": "%s"}'`, h.control, practiceURA, registrar),
			"obtain " + h.quote("membership.json"),
		}},
		{asked.name + " has nothing on record, and tells the midwife that she consents. Her node signs that, and keeps it in its wallet:", []string{
			fmt.Sprintf("REGISTRATION=$(curl -s %s/internal/vcr/v2/issuer/vc -H 'Content-Type: application/json' -d %s)", h.Requester.InternalURL(), h.body(asked.fileName("-registration.json"))),
			fmt.Sprintf(`echo "$REGISTRATION" | curl -s -w 'HTTP %%{http_code}\n' -H 'Content-Type: application/json' --data-binary @- %s`, wallet),
		}},
		{"Ask the hospital for a token. Mitz says Deny, since it knows nothing; what the midwife recorded permits:", h.ask(asked)},
		{"Take it out of the wallet, which presents the first that fits, whoever the patient is:", []string{
			`ID=$(echo "$REGISTRATION" | sed 's/.*"id":"\(did:web:[^"]*#[^"]*\)".*/\1/; s/%/%25/g; s/#/%23/g')`,
			fmt.Sprintf(`curl -s -w 'HTTP %%{http_code}\n' -X DELETE "%s/$ID"`, wallet),
		}},
	}
}

// tokenCall is the call to the midwife's node by which her system gets a token.
func (h *byHand) tokenCall() string {
	return fmt.Sprintf("curl -s %s/internal/auth/v2/%s/request-service-access-token", h.Requester.InternalURL(), h.RequesterOrg.Name)
}

// ask asks for a token about a patient.
func (h *byHand) ask(about patient) []string {
	return []string{h.tokenCall() + ` \`, "  -H 'Content-Type: application/json' -d " + h.body(about.fileName(".json"))}
}

// token asks for a token, shows the answer and keeps the token.
func (h *byHand) token(file string) []string {
	return []string{
		"TOKEN=$(" + h.tokenCall() + ` \`,
		"  -H 'Content-Type: application/json' -d " + h.body(file) + ` \`,
		`  | tee /dev/stderr | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')`,
	}
}

func (h *byHand) introspect(after string) string {
	return strings.TrimSpace(fmt.Sprintf(`curl -s %s/internal/auth/v2/accesstoken/introspect -d "token=$TOKEN" %s`, h.DataHolder.InternalURL(), after))
}

func (h *byHand) tellMitz(path, file string) string {
	return fmt.Sprintf("curl -s %s%s -d %s", h.control, path, h.body(file))
}

// quote is the name of a file, and body what has curl send it.
func (h *byHand) quote(file string) string { return quoted(h.file(file)) }
func (h *byHand) body(file string) string  { return quoted("@" + h.file(file)) }
