// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const exampleBehaviour = `{"behaviour": "status 503", "times": 2}`

// maxTimes is for how many queries, subscriptions or notifications a misbehaviour can be told
// at once.
const maxTimes = 1000

type behavioursView struct {
	Behaviours []string `json:"behaviours"`
}

func (c Control) listBehaviours([]byte) (any, error) {
	return behavioursView{mitztest.BehaviourNames()}, nil
}

func (c Control) misbehave(body []byte) (any, error) {
	var told struct {
		Behaviour *string `json:"behaviour"`
		Times     *int    `json:"times"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&told); err != nil || decoder.More() || told.Behaviour == nil {
		return nil, errors.New("write for example " + exampleBehaviour + "; times may be left out")
	}
	behaviour, err := mitztest.ParseBehaviour(*told.Behaviour)
	if err != nil {
		return nil, fmt.Errorf("behaviour: %w: GET /behaviours lists the names", err)
	}
	if told.Times == nil {
		c.Simulator.Misbehave(behaviour)
		return done, nil
	}
	if *told.Times < 1 || *told.Times > maxTimes {
		return nil, fmt.Errorf("times: from 1 to %d; leave it out to go on until told otherwise", maxTimes)
	}
	for range *told.Times {
		c.Simulator.MisbehaveOnce(behaviour)
	}
	return done, nil
}

func (c Control) behave([]byte) (any, error) {
	c.Simulator.Behave()
	return done, nil
}
