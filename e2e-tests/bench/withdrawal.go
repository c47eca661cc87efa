// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// What is to be reached.
const (
	inMemoryLimit     = 20 * time.Millisecond // from a withdrawal to a dead token, p99
	overRedisLimit    = 50 * time.Millisecond
	introspectLimit   = 0.1  // ms, of a guarded token more than of another, p50
	issueLimit        = 0.2  // ms, where withdrawals count more than where they do not, p50
	notificationsGoal = 2000 // a second
)

// withdrawn is the patient who withdraws again and again.
const withdrawn = "900186021"

// firstSubscriber is below the numbers of the patients who are subscribed; they are in a range
// that is not given out.
const firstSubscriber = 910_000_000

// withdrawalResult is what there is to tell about withdrawals.
type withdrawalResult struct {
	ends        []endsRow
	introspects []timedRow
	issues      []timedRow
	notified    notifiedResult
	subscribed  subscribedResult
}

// endsRow tells how long tokens lived after a withdrawal.
type endsRow struct {
	name   string
	tokens int // live ones of others
	limit  time.Duration
	took   []time.Duration // sorted
	wrong  int             // that did not end, or were never alive
}

// timedRow tells how long one of two things takes that are compared, done in turns.
type timedRow struct {
	name string
	took []time.Duration // sorted
}

type notifiedResult struct {
	patients, count, wrong int
	took                   time.Duration
	node                   time.Duration // processor time
}

type subscribedResult struct {
	patients, missing  int
	accepted, took     time.Duration // until the node had them all, and Mitz
	before, most, last int64         // memory in bytes
}

// measureWithdrawal measures withdrawals at nodes of its own.
func (s *scene) measureWithdrawal(ctx context.Context, p plan) (result withdrawalResult, err error) {
	inMemory, err := s.withdrawalNode(ctx, "withdrawal", nil)
	if err != nil {
		return result, err
	}
	redis, err := s.StartRedis(ctx, harness.RedisConfig{})
	if err != nil {
		return result, err
	}
	var nodes []*harness.Node
	for _, name := range []string{"withdrawal-first", "withdrawal-second"} {
		node, err := s.withdrawalNode(ctx, name, redis)
		if err != nil {
			return result, err
		}
		nodes = append(nodes, node)
	}
	for _, each := range []struct {
		name  string
		nodes []*harness.Node
		fill  func(*target) error
		limit time.Duration
		count int
	}{
		{"one node, sessions in memory", []*harness.Node{inMemory}, func(t *target) error { return t.fillTokens(ctx, p.tokensInMemory) }, inMemoryLimit, p.tokensInMemory},
		{"two nodes, sessions in Redis", nodes, func(t *target) error {
			if err := t.fillTokens(ctx, 1); err != nil {
				return err
			}
			return redis.MultiplyTokens(ctx, p.tokensInRedis)
		}, overRedisLimit, p.tokensInRedis},
	} {
		target, err := s.target(ctx, each.nodes[0], scopeGuarded)
		if err != nil {
			return result, err
		}
		if err := each.fill(target); err != nil {
			return result, fmt.Errorf("%s: %w", each.name, err)
		}
		row := endsRow{name: each.name, tokens: each.count, limit: each.limit}
		if err := s.measureEnds(ctx, p, target, each.nodes, &row); err != nil {
			return result, fmt.Errorf("%s: %w", each.name, err)
		}
		result.ends = append(result.ends, row)
	}
	if result.introspects, err = s.measureIntrospection(ctx, p, inMemory); err != nil {
		return result, err
	}
	if result.issues, err = s.measureIssuing(ctx, p, inMemory); err != nil {
		return result, err
	}
	if result.subscribed, err = s.measureSubscribing(ctx, p, inMemory); err != nil {
		return result, err
	}
	result.notified, err = s.measureNotifications(ctx, p, inMemory)
	return result, errors.Join(err, inMemory.Stop(), nodes[0].Stop(), nodes[1].Stop())
}

// withdrawalNode starts a node that subscribes; redis may be nil.
func (s *scene) withdrawalNode(ctx context.Context, name string, redis *harness.Redis) (*harness.Node, error) {
	if s.patientKeys == "" {
		var err error
		if s.patientKeys, err = s.PatientKeys(); err != nil {
			return nil, err
		}
	}
	section, err := s.mitzSectionWith(func(c *harness.MitzConfig) {
		c.KeyFile, c.NotifyURL = s.patientKeys, harness.PublicURL+"/mitz/notify"
		for i := range c.Profiles {
			c.Profiles[i].Subscribe = true
		}
	})
	if err != nil {
		return nil, err
	}
	config := s.ourNode(name, section)
	if redis != nil {
		maps.Copy(config.Settings, redis.Settings())
	}
	return s.startDataHolder(ctx, config)
}

// fillTokens asks for so many tokens of the patient for whom Mitz permits everything.
func (t *target) fillTokens(ctx context.Context, n int) error {
	const rate, most = 1000, 500 // they are signed before they are sent, and valid for seconds
	for n > 0 {
		count := min(n, most)
		volley, err := t.permitted(ctx, pace{count: count, rate: rate})
		if err != nil {
			return err
		}
		shots, _, err := volley(ctx)
		if err != nil {
			return err
		}
		n -= max(1, countGot(shots))
	}
	return nil
}

func countGot(shots []shot) int { return count(shots, gotToken) }

// permission is the consent that is withdrawn.
func permission() mitztest.Consent {
	return mitztest.Consent{
		Patient: withdrawn, DataHolder: consent.URA(dataHolder.URA), Category: "GGC002", RequesterType: requesterType, Decision: consent.Permit,
	}
}

// measureEnds withdraws consent again and again, and asks all nodes all the time about the token
// that rests on it.
func (s *scene) measureEnds(ctx context.Context, p plan, target *target, nodes []*harness.Node, row *endsRow) error {
	server, err := s.uzi.Issue(requester)
	if err != nil {
		return err
	}
	credentials, err := s.credentials(server, withdrawn)
	if err != nil {
		return err
	}
	for range p.withdrawals {
		if err := s.mitz.Record(permission()); err != nil {
			return err
		}
		var token string
		alive := false
		// Mitz notifies of the consent too, which ends a token that was issued a moment before.
		for try := 0; !alive && try < 3; try++ {
			answer, err := s.wallet.RequestToken(ctx, harness.TokenRequest{
				Issuer: target.issuer, Scope: target.scope, Credentials: credentials, Submission: target.submission,
			})
			if err != nil {
				return err
			}
			if err := s.awaitSubscribed(ctx, nodes[0]); err != nil {
				return err
			}
			token = answer.Token()
			if alive, err = aliveAnywhere(ctx, nodes, token); err != nil {
				return err
			}
		}
		if !alive {
			row.wrong++
			continue
		}
		began := time.Now()
		if !s.mitz.Withdraw(permission()) {
			return errors.New("there was nothing to withdraw")
		}
		for alive && time.Since(began) < 10*time.Second {
			if alive, err = aliveAnywhere(ctx, nodes, token); err != nil {
				return err
			}
		}
		if alive {
			row.wrong++
		}
		row.took = append(row.took, time.Since(began))
	}
	slices.Sort(row.took)
	return nil
}

// awaitSubscribed waits until Mitz accepted the subscriptions to both patients about whom there
// are tokens.
func (s *scene) awaitSubscribed(ctx context.Context, node *harness.Node) error {
	for ctx.Err() == nil {
		counts, err := node.CountSubscriptions(ctx, dataHolder.Subject)
		if err != nil {
			return err
		}
		if counts["subscribed"] >= 2 {
			return nil
		}
		sleepPrecisely(ctx, time.Now().Add(10*time.Millisecond))
	}
	return ctx.Err()
}

func aliveAnywhere(ctx context.Context, nodes []*harness.Node, token string) (alive bool, err error) {
	for _, node := range nodes {
		introspection, err := node.Introspect(ctx, token)
		if err != nil {
			return false, err
		}
		alive = alive || introspection.Active
	}
	return alive, nil
}

// measureIntrospection asks about a guarded token and one that is not guarded, in turns.
func (s *scene) measureIntrospection(ctx context.Context, p plan, node *harness.Node) ([]timedRow, error) {
	rows := []timedRow{{name: "not guarded"}, {name: "guarded"}}
	tokens := make([]string, len(rows))
	for i, scope := range []string{scopePlain, scopeGuarded} {
		target, err := s.target(ctx, node, scope)
		if err != nil {
			return nil, err
		}
		answer, err := s.wallet.RequestToken(ctx, harness.TokenRequest{
			Issuer: target.issuer, Scope: scope, Credentials: s.permitted, Submission: target.submission,
		})
		if err != nil {
			return nil, err
		}
		tokens[i] = answer.Token()
	}
	for range p.introspections {
		for i, token := range tokens {
			began := time.Now()
			alive, err := aliveAnywhere(ctx, []*harness.Node{node}, token)
			if err != nil || !alive {
				return nil, errors.Join(err, fmt.Errorf("%s: the token is not active: %t", rows[i].name, !alive))
			}
			rows[i].took = append(rows[i].took, time.Since(began))
		}
	}
	for i := range rows {
		slices.Sort(rows[i].took)
	}
	return rows, nil
}

// measureIssuing asks for a token at a node where a withdrawal ends nothing, since it has no key
// for patients and subscribes to nothing, and at one where it does, in turns.
func (s *scene) measureIssuing(ctx context.Context, p plan, with *harness.Node) (rows []timedRow, err error) {
	section, err := s.mitzSectionWith(func(*harness.MitzConfig) {})
	if err != nil {
		return nil, err
	}
	without, err := s.startDataHolder(ctx, s.ourNode("without-withdrawal", section))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, without.Stop()) }()
	return s.timeTokens(ctx, p.tokensIssued, []asking{
		{"no key, not subscribed", without, scopeGuarded, s.permitted}, {"with both", with, scopeGuarded, s.permitted},
	})
}
