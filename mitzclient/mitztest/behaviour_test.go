// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestDecisionsThatAreToldReplaceThoseOnRecord(t *testing.T) {
	s := start(t)
	text := strings.ReplaceAll(fixture(t, "closed-query-mandate.xml"), patient, PatientAlwaysPermit)
	for fault, decision := range map[Fault]consent.Decision{
		Denying: consent.Deny, AnsweringIndeterminate: consent.Indeterminate, AnsweringNotApplicable: consent.NotApplicable,
	} {
		s.ResetLog()
		s.Misbehave(fault)
		answer := read(t, ask(t, s, text))
		require.Len(t, answer.Results, 3)
		for _, result := range answer.Results {
			assert.Equal(t, []string{decision.String()}, result.Decisions)
		}
		assert.Equal(t, consent.Decisions{"GGC002": decision, "GGC012": decision, "GGC013": decision}, s.Queries()[0].Decisions)
	}
}

func TestFaultsThatAnswerWithAStatus(t *testing.T) {
	s := start(t)
	tests := []struct {
		behaviour Behaviour
		status    int
		body      string
	}{
		{SenderFault, 400, "<s:Value>s:Sender</s:Value>"},
		{ReceiverFault, 500, "<s:Value>s:Receiver</s:Value>"},
		{FaultWithOK, 200, "<s:Value>s:Receiver</s:Value>"},
		{LeakingFault, 500, "no such patient: 999996630"},
		{LeakingStatus, 200, "<StatusMessage>no such patient: 999996630</StatusMessage>"},
		{PermitWithFailure, 500, "<Decision>Permit</Decision>"},
		{Redirect, 307, ""},
		{HTTPStatus(418), 418, "teapot"},
		{HTTPStatus(503), 503, "Service Unavailable"},
		{HTTPStatus(200), 500, "Internal Server Error"},
		{TooManyRequests(1500 * time.Millisecond), 429, "Too Many Requests"},
		{HTMLPage, 200, "<!DOCTYPE html>"},
		{Fault(999), 500, "Internal Server Error"},
	}
	for _, test := range tests {
		t.Run(test.behaviour.String(), func(t *testing.T) {
			s.ResetLog()
			s.MisbehaveOnce(test.behaviour)
			got := ask(t, s, fixture(t, "closed-query.xml"))
			assert.Equal(t, test.status, got.status)
			assert.Contains(t, got.body, test.body)
			query := s.Queries()[0]
			assert.Nil(t, query.Decisions)
			assert.Equal(t, test.behaviour, query.Behaviour)
			switch test.behaviour {
			case Redirect:
				assert.Equal(t, s.Endpoint()+"/redirected", got.header.Get("Location"))
			case LeakingFault:
				assert.Contains(t, got.header.Get("X-Debug"), UnaskedPatient)
			case HTMLPage:
				assert.Contains(t, got.header.Get("Content-Type"), "text/html")
			}
			if _, limited := test.behaviour.(TooManyRequests); limited {
				assert.Equal(t, "2", got.header.Get("Retry-After"))
			}
		})
	}
}

func TestFaultsInTheText(t *testing.T) {
	s := start(t)
	clean := ask(t, s, strings.ReplaceAll(fixture(t, "closed-query-mandate.xml"), patient, PatientAlwaysPermit)).body
	tests := []struct {
		fault          Fault
		holds          string
		results, times int // of <Result> and of what it holds
	}{
		{Garbage, "not XML", 0, 1},
		{EmptyBody, "", 0, 1},
		{Truncated, "<Decision>Permit</Decision>", 3, 3},
		{Huge, strings.Repeat(" ", 1<<20), 3, 1},
		{WrongAction, ">XACMLAuthorizationDecisionQueryRequest<", 3, 1},
		{WrongRelatesTo, "<a:RelatesTo>urn:uuid:7d1ff5a2", 3, 1},
		{WrongPatient, `extension="999996630"`, 3, 3},
		{WrongDataHolderType, `code="V4"`, 3, 3},
		{WrongDataHolder, `extension="00000666"`, 3, 3},
		{AboutNoOne, `attribute-category:resource"></Attributes>`, 3, 3},
		{MissingResult, "<Decision>Permit</Decision>", 2, 2},
		{DoubledResult, `code="GGC012"`, 4, 2},
		{ForeignResult, `code="GGC013"`, 3, 2},
		{SurplusResult, `code="GGC013"`, 4, 2},
		{ErrorStatus, "status:processing-error", 3, 3},
		{UnknownObligation, "<Obligation ObligationId=", 3, 3},
		{MissingDecision, "<Decision>", 3, 0},
		{UnknownDecision, "<Decision>permit</Decision>", 3, 3},
		{DenyThenPermit, "<Decision>Deny</Decision><Decision>Permit</Decision>", 3, 3},
		{PermitThenDeny, "<Decision>Permit</Decision><Decision>Deny</Decision>", 3, 3},
		{SecondEnvelope, "<s:Envelope", 6, 2},
		{SecondBody, "<s:Body>", 6, 2},
		{SecondResponse, "<Response", 6, 2},
		{StrangeInBody, "</Response><x:Extra", 3, 1},
		{ForeignNamespace, `<Response xmlns="urn:oasis:names:tc:xacml:2.0`, 3, 1},
		{UndeclaredPrefix, "<u:Decision>Permit</u:Decision>", 3, 3},
		{DoubledAttribute, `root="2.16.840.1.113883.2.4.6.3" root="2.16.840.1.113883.2.4.6.3"`, 3, 3},
		{Doctype, "<!DOCTYPE s:Envelope [", 3, 1},
		{Instruction, "<Decision>Permit<?x y?></Decision>", 3, 3},
		{CommentInDecision, "<Decision>Permit<!-- not -->ted</Decision>", 3, 3},
		{DeeplyNested, strings.Repeat("<Status>", 100), 3, 3},
		{TextAfterRoot, "</s:Envelope>more", 3, 1},
		{MustUnderstandMore, `s:mustUnderstand="1"/></s:Header>`, 3, 1},
	}
	for _, test := range tests {
		t.Run(test.fault.String(), func(t *testing.T) {
			s.MisbehaveOnce(test.fault)
			got := ask(t, s, fixture(t, "closed-query-mandate.xml"))
			assert.Equal(t, http.StatusOK, got.status)
			assert.Equal(t, test.results, strings.Count(got.body, "<Result>"))
			if test.fault == EmptyBody {
				assert.Empty(t, got.body)
				return
			}
			assert.Equal(t, test.times, strings.Count(got.body, test.holds))
			changes := test.fault == Truncated || test.fault == MissingResult || test.fault == DoubledResult || test.fault == ForeignResult || test.fault == SurplusResult
			if !changes {
				assert.NotEqual(t, strings.Count(clean, test.holds), test.times, "the faultless answer is the same")
			}
		})
	}
}

func TestALeakNeverHoldsThePatientAsked(t *testing.T) {
	s := start(t)
	text := strings.ReplaceAll(fixture(t, "closed-query.xml"), patient, UnaskedPatient)
	for _, fault := range []Fault{LeakingFault, LeakingStatus, WrongPatient} {
		s.MisbehaveOnce(fault)
		assert.Contains(t, ask(t, s, text).body, UnaskedOtherPatient, fault)
	}
}

func TestWhoFollowsTheRedirectIsPermitted(t *testing.T) {
	s := start(t)
	s.Misbehave(Redirect)
	c := client(t, identity(t).ClientTLS())
	c.CheckRedirect = nil
	got, err := do(t, c, request(t, s, fixture(t, "closed-query.xml")))
	require.NoError(t, err)
	assert.Equal(t, []string{"Permit"}, read(t, got).Results[0].Decisions)
	assert.Equal(t, 2, s.Received())
	assert.Len(t, s.Queries(), 1)
}

func TestADroppedConnectionGivesNoWholeAnswer(t *testing.T) {
	s := start(t)
	s.MisbehaveOnce(Dropping, DroppingHalfway)
	c := client(t, identity(t).ClientTLS())
	_, err := do(t, c, request(t, s, fixture(t, "closed-query.xml")))
	require.ErrorIs(t, err, io.EOF)
	got, err := do(t, c, request(t, s, fixture(t, "closed-query.xml")))
	require.NoError(t, err)
	require.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
	assert.Contains(t, got.body, "<Decision>Permit")
	assert.Zero(t, s.Cancelled())
}

func TestSlownessEndsWithAnAnswer(t *testing.T) {
	s := start(t)
	s.MisbehaveOnce(Slow(20 * time.Millisecond))
	began := time.Now()
	got := ask(t, s, strings.ReplaceAll(fixture(t, "closed-query.xml"), patient, PatientAlwaysPermit))
	assert.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
	assert.Equal(t, []string{"Permit"}, read(t, got).Results[0].Decisions)
	assert.Equal(t, consent.Decisions{"GGC002": consent.Permit}, s.Queries()[0].Decisions)
	assert.Zero(t, s.Cancelled())
}

func TestAClientThatGoesAwayIsNoticed(t *testing.T) {
	for _, behaviour := range []Behaviour{Hanging, Slow(time.Hour), HangingHalfway, Endless} {
		t.Run(behaviour.String(), func(t *testing.T) {
			s := start(t)
			s.Misbehave(behaviour)
			r := request(t, s, fixture(t, "closed-query.xml"))
			ctx, cancel := context.WithCancel(r.Context())
			done := make(chan error, 1)
			c := client(t, identity(t).ClientTLS())
			go func() {
				response, err := c.Do(r.WithContext(ctx))
				if err == nil {
					_, err = io.Copy(io.Discard, response.Body)
					err = errors.Join(err, response.Body.Close())
				}
				done <- err
			}()
			require.NoError(t, s.WaitForQueries(patience(t), 1))
			assert.Zero(t, s.Cancelled())
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
			require.NoError(t, s.WaitForCancelled(patience(t), 1))
			assert.Equal(t, 1, s.Cancelled())
		})
	}
}

func TestSwitchedProtocolsLastUntilTheClientOrTheSimulatorEnds(t *testing.T) {
	for _, end := range []func(*Simulator, io.Closer){
		func(_ *Simulator, body io.Closer) { _ = body.Close() },
		func(s *Simulator, _ io.Closer) { s.Close() },
	} {
		s := start(t)
		s.Misbehave(SwitchingProtocols)
		response, err := client(t, identity(t).ClientTLS()).Do(request(t, s, fixture(t, "closed-query.xml")))
		require.NoError(t, err)
		assert.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
		permission := make([]byte, 1000)
		_, err = io.ReadFull(response.Body, permission)
		require.NoError(t, err)
		assert.Contains(t, string(permission), "<Decision>Permit")
		end(s, response.Body)
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		s.Close()
	}
}

func TestMisbehaviourTowardsOneRequester(t *testing.T) {
	s := start(t)
	other := strings.ReplaceAll(fixture(t, "closed-query.xml"), "00000123", "00001234")
	require.NotEqual(t, fixture(t, "closed-query.xml"), other)
	statuses := func() []int { return []int{ask(t, s, fixture(t, "closed-query.xml")).status, ask(t, s, other).status} }
	s.MisbehaveTowards("00000123", HTTPStatus(503))
	assert.Equal(t, []int{503, 200}, statuses())
	s.MisbehaveOnce(HTTPStatus(502))
	assert.Equal(t, []int{503, 502}, statuses(), "what is next is for the others")
	s.MisbehaveTowards("00000123", nil)
	assert.Equal(t, []int{200, 200}, statuses())
	s.MisbehaveTowards("00000123", HTTPStatus(503))
	s.Behave()
	assert.Equal(t, []int{200, 200}, statuses())
}

func TestMisbehaviourOnceComesFirstAndEnds(t *testing.T) {
	s := start(t)
	status := func() int { return ask(t, s, fixture(t, "closed-query.xml")).status }
	s.Misbehave(HTTPStatus(502))
	s.MisbehaveOnce(HTTPStatus(503))
	s.MisbehaveOnce(HTTPStatus(504), Behaving{})
	assert.Equal(t, []int{503, 504, 200, 502, 502}, []int{status(), status(), status(), status(), status()})
	s.MisbehaveOnce(HTTPStatus(503))
	s.Behave()
	assert.Equal(t, 200, status())
	s.Misbehave(HTTPStatus(502))
	s.Misbehave(nil)
	assert.Equal(t, 200, status())
}

func TestAMalformedQueryIsRefusedHoweverTheSimulatorBehaves(t *testing.T) {
	s := start(t)
	s.MisbehaveOnce(HTTPStatus(503))
	requireRefused(t, s, request(t, s, "no query"), "XML: text outside the message")
	assert.Equal(t, 503, ask(t, s, fixture(t, "closed-query.xml")).status)
}

func TestEveryFaultHasANameOfItsOwn(t *testing.T) {
	names := map[string]bool{"": true, "unknown fault": true}
	for _, behaviour := range append(append(AllFaults(), AllVariants()...), Denying, Behaving{}, Slow(time.Second)) {
		assert.False(t, names[behaviour.String()], behaviour.String())
		names[behaviour.String()] = true
	}
	assert.Len(t, faults, int(MustUnderstandMore), "a fault without a form, or a form without a fault")
	assert.NotContains(t, AllFaults(), Behaviour(Denying))
	assert.Equal(t, "slow by 1s", Slow(time.Second).String())
	assert.Equal(t, "too many requests, retry after 1m0s", TooManyRequests(time.Minute).String())
	assert.Equal(t, "status 503", HTTPStatus(503).String())
}

func TestVariantsSayWhatIsOnRecord(t *testing.T) {
	s := start(t)
	for _, variant := range AllVariants() {
		s.MisbehaveOnce(Behaving{}, variant)
		plain, other := ask(t, s, fixture(t, "closed-query.xml")), ask(t, s, fixture(t, "closed-query.xml"))
		assert.Equal(t, 200, other.status)
		assert.NotEqual(t, plain.body, other.body, variant)
		assert.Equal(t, read(t, plain).Results, read(t, other).Results, variant)
	}
	assert.Len(t, variants, len(AllVariants()))
	s.MisbehaveOnce(Variant(0))
	assert.Equal(t, 500, ask(t, s, fixture(t, "closed-query.xml")).status)
}
