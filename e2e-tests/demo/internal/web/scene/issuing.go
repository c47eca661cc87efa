// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// watchIssuers tells of what each issuer gets and answers.
func (s *Scene) watchIssuers() {
	for party, from := range map[events.Party]*issuer.Issuer{
		events.CIBG: s.world.Registers.CIBG, events.Vektis: s.world.Registers.Vektis, events.Mitz: s.mitz().Issuer(),
	} {
		s.world.WatchIssuer(from, s.seenByIssuer(party))
	}
}

// seenByIssuer tells of what an issuer gets, and of its answers (OpenID4VCI 1.0, OpenID4VP 1.0).
// Metadata are fetched by the wallet alone, and what has a code, a token or a proof comes from no
// other. Who fetches a status list an issuer does not see; nor is it told who fetches its key.
func (s *Scene) seenByIssuer(party events.Party) func(harness.Seen) {
	return func(seen harness.Seen) {
		s.follows()
		event := events.Event{From: events.PracticeNode, To: party, About: s.subject()}
		if seen.Status != 0 {
			event.Facts = []events.Fact{status(seen.Status)}
		}
		asked := seen.Status == 0
		switch seen.Path {
		case "/.well-known/openid-credential-issuer":
			event.Kind = onceAnswered(asked, "vci-metadata")
		case "/.well-known/oauth-authorization-server":
			event.Kind = onceAnswered(asked, "vci-server")
		case "/.well-known/openid-configuration":
			event.Kind = onceAnswered(asked, "vp-keys")
		case "/statuslist/1":
			event.From, event.Kind = party, onceAnswered(asked, lists[party])
		case "/authorize":
			event.From, event.Kind = events.PracticeSystem, "vci-authorize"
		case "/presented":
			event = presentation(event, seen.Request)
		case "/token":
			event.Kind = "vci-token"
		case "/credential":
			event.Kind = "vci-proof"
		}
		if !asked && event.Kind != "" && slices.Contains([]string{"/authorize", "/presented", "/token", "/credential"}, seen.Path) {
			event = s.answered(party, seen, event)
		}
		if event.Kind != "" {
			s.bus.Publish(event)
		}
	}
}

// lists are the messages that somebody read the list of what an issuer revoked. What the CIBG signs
// is on none.
var lists = map[events.Party]string{events.Mitz: "list-mitz", events.Vektis: "list-vektis"}

// onceAnswered tells of a document that is fetched in one message, when it is known how that ended.
func onceAnswered(asked bool, kind string) string {
	if asked {
		return ""
	}
	return kind
}

// presentation is what a wallet presents, or that it has nothing to.
func presentation(event events.Event, form []byte) events.Event {
	event.Kind, event.Mood = "type-unshown", events.Refused
	values, _ := url.ParseQuery(string(form))
	var presented struct {
		VP struct {
			Credentials json.RawMessage `json:"verifiableCredential"`
		}
	}
	if readClaims(values.Get("vp_token"), &presented) {
		event.Kind, event.Mood = "type-shown", events.Plain
		var one string
		var more []string
		if json.Unmarshal(presented.VP.Credentials, &one) == nil {
			more = []string{one}
		} else {
			_ = json.Unmarshal(presented.VP.Credentials, &more)
		}
		for _, each := range more {
			event.Facts = append(event.Facts, credentialFacts(each)...)
		}
	}
	return event
}

// answered is an issuer's answer: where the browser is to go on, an access token, or a credential.
func (s *Scene) answered(party events.Party, seen harness.Seen, asked events.Event) events.Event {
	event := events.Event{From: party, To: events.PracticeNode, About: asked.About, Kind: refusedBy(party), Mood: events.Refused, Facts: []events.Fact{status(seen.Status)}}
	var body struct {
		Redirect   string `json:"redirect_uri"`
		Token      string `json:"access_token"`
		Credential string `json:"credential"`
		Error      string `json:"error"`
	}
	_ = json.Unmarshal(seen.Answer, &body)
	to, err := url.Parse(seen.Location + body.Redirect) // never both
	if err != nil {
		to = new(url.URL)
	}
	switch problem := body.Error + to.Query().Get("error"); {
	case problem != "" || seen.Status >= http.StatusBadRequest:
		event.Facts = append(event.Facts, events.Fact{Name: "error", Value: known(problem)})
	case to.Query().Get("request") != "":
		event.Kind, event.Mood = "type-demand", events.Plain
	case to.Query().Get("code") != "":
		event.Kind, event.Mood = "vci-code", events.Plain
	case body.Token != "":
		event.Kind, event.Mood = "vci-token-answer", events.Plain
	case body.Credential != "":
		event.Kind, event.Mood = issuedBy(body.Credential), events.Good
		event.Facts = append(event.Facts, credentialFacts(body.Credential)...)
	}
	return event
}

// refusedBy is how an issuer says no.
func refusedBy(party events.Party) string {
	switch party {
	case events.Vektis:
		return "type-refused"
	case events.Mitz:
		return "attestation-no"
	default:
		return "vci-no"
	}
}

// issued is what is read of a credential that passes, a JWT.
type issued struct {
	VC struct {
		Type    []string
		Subject struct {
			Consent struct {
				Patient struct {
					Identifier struct{ Value string }
				}
			} `json:"attestedConsent"`
		} `json:"credentialSubject"`
	}
}

func (i issued) kind() string {
	for _, each := range i.VC.Type {
		if each != "VerifiableCredential" {
			return each
		}
	}
	return ""
}

// issuedBy is the kind of message in which a credential comes.
func issuedBy(credential string) string {
	var read issued
	readClaims(credential, &read)
	switch read.kind() {
	case harness.TypeHealthcareProvider:
		return "ura"
	case harness.TypeFacility:
		return "type"
	case issuer.TypeMembership:
		return "membership"
	default:
		return "attestation"
	}
}

// credentialFacts are what is told of a credential: its type, and whom it is about.
func credentialFacts(credential string) (facts []events.Fact) {
	var read issued
	if !readClaims(credential, &read) {
		return nil
	}
	if kind := read.kind(); plainType(kind) {
		facts = append(facts, events.Fact{Name: "credential", Value: kind})
	}
	if number := read.VC.Subject.Consent.Patient.Identifier.Value; number != "" {
		facts = append(facts, events.Fact{Name: "patient", Value: Mask(number)})
	}
	return facts
}

// plainType reports whether a type is one of those that the demo has.
func plainType(kind string) bool {
	return slices.Contains([]string{harness.TypeHealthcareProvider, harness.TypeFacility, issuer.TypeAttestation, issuer.TypeMembership}, kind)
}

// readClaims reads the claims of a JWT, whose signature others check.
func readClaims(token string, claims any) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	return err == nil && json.Unmarshal(payload, claims) == nil
}

// collect has the practice's node collect what an issuer offered, about a patient or nobody, and
// reports whether it came.
func (s *Scene) collect(ctx context.Context, from *issuer.Issuer, details json.RawMessage, about string) (bool, error) {
	s.mu.Lock()
	s.about = about
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.about = ""
	}()
	s.say(events.PracticeSystem, events.PracticeNode, "collect", about)
	refused, err := s.world.Collect(ctx, from, details)
	if err != nil {
		return false, err
	}
	event := events.Event{From: events.PracticeNode, To: events.PracticeSystem, Kind: "collected", Mood: events.Good, About: about}
	if refused.Code != "" {
		event.Kind, event.Mood = "collected-no", events.Refused
		event.Facts = []events.Fact{{Name: "error", Value: known(refused.Code)}}
	}
	s.bus.Publish(event)
	return refused.Code == "", nil
}

// subject is the patient about whom something is collected; empty: nobody.
func (s *Scene) subject() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.about
}
