// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// saying is what Mitz is told of a data holder's subscriptions besides the patients. It is kept
// before Mitz is told: where the answer got lost, the same must be told again, also when the
// configuration is another one by then. Only so is it known by which id Mitz knows what it made
// of the first message.
type saying struct {
	NotifyURL     string               `json:"notifyURL"`
	GatewaySystem string               `json:"gatewaySystem"`
	SourceSystem  string               `json:"sourceSystem"`
	Payload       string               `json:"payload"`
	Key           string               `json:"key"` // its name: secret paths are made with it
	URA           consent.URA          `json:"ura"`
	FacilityType  consent.FacilityType `json:"facilityType"`
}

// saying returns what Mitz is told of a data holder now.
func (c *Config) saying(dataHolder consent.DataHolder) saying {
	return saying{
		NotifyURL: c.NotifyURL, GatewaySystem: c.GatewaySystem, SourceSystem: c.SourceSystem, Payload: c.Payload, Key: c.Keys.ID(),
		URA: dataHolder.URA, FacilityType: dataHolder.FacilityType,
	}
}

// hash returns what a saying is known by.
func (s saying) hash() string {
	// None of these holds the byte between them.
	sum := sha256.Sum256([]byte(strings.Join([]string{
		s.NotifyURL, s.GatewaySystem, s.SourceSystem, s.Payload, s.Key, string(s.URA), string(s.FacilityType),
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// sayings are those that this node kept since it started, by their hashes.
type sayings struct {
	store store
	kept  sync.Map
}

// keep keeps a saying, before Mitz is told it.
func (s *sayings) keep(ctx context.Context, said saying) error {
	told := said.hash()
	if _, is := s.kept.Load(told); is {
		return nil
	}
	content, err := json.Marshal(said)
	if err != nil {
		return err
	}
	ctx, cancel := keeping(ctx)
	defer cancel()
	if err := s.store.keepSaying(ctx, told, string(content)); err != nil {
		return err
	}
	s.kept.Store(told, true)
	return nil
}

// of returns what Mitz was told by its hash, and reports whether that is known.
func (s *sayings) of(ctx context.Context, told string) (said saying, known bool, err error) {
	ctx, cancel := keeping(ctx)
	defer cancel()
	content, err := s.store.saying(ctx, told)
	if err != nil || content == "" {
		return saying{}, false, err
	}
	err = json.Unmarshal([]byte(content), &said)
	return said, err == nil && said.hash() == told, nil
}

func (t *Table) keepSaying(ctx context.Context, told, saying string) error {
	return t.sql.Again(ctx, func(database *gorm.DB) error {
		err := database.Exec("INSERT INTO "+sayingsTable+" (told, saying) VALUES (?, ?)", told, saying).Error
		if sqltables.IsTaken(err) {
			return nil
		}
		return err
	})
}

func (t *Table) saying(ctx context.Context, told string) (saying string, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		saying = ""
		return database.Raw("SELECT saying FROM "+sayingsTable+" WHERE told = ?", told).Scan(&saying).Error
	})
	return saying, err
}
