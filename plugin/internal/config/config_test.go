// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	nodehttp "github.com/nuts-foundation/nuts-node/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// validSection is one from which a configuration is constructed, outside strict mode.
func validSection() Section {
	section := defaults()
	section.Endpoint = "http://mitz.example/tst-us/mitz"
	section.Config = policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:    []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"}},
		Trust: map[string][]string{
			"organization": {"did:web:a.example"}, "facilitytype": {"did:web:a.example"}, "practitioner": {"holder"}, "enrollment": {"holder"},
		},
	}
	return section
}

func TestChangedListsCountAtOnce(t *testing.T) {
	told, problem := 0, error(nil)
	hooks := Hooks{ListsChanged: func(*policy.Lists) { told++ }, ListsRefused: func(err error) { problem = err }}
	config, err := construct(validSection(), nil, Node{Policies: nodesPolicies{}}, hooks)
	require.NoError(t, err)
	t.Cleanup(config.Link.Close)
	require.Equal(t, []string{"hospital-east"}, config.Policy.Lists().Subjects())

	lists := config.listHooks(hooks)
	lists.Changed(listsOf(t, "hospital-west"))
	assert.Equal(t, []string{"hospital-west"}, config.Policy.Lists().Subjects())
	assert.Equal(t, 1, told)

	lists.Refused(errors.Join(errors.New("dataholdersfile: one"), errors.New("dataholdersfile: two")))
	assert.EqualError(t, problem, "invalid configuration, 2 problems: mitz.dataholdersfile: one; mitz.dataholdersfile: two")
	assert.Equal(t, []string{"hospital-west"}, config.Policy.Lists().Subjects(), "those before stay in use")
}

// httpEngine has the configuration of the node's HTTP server.
type httpEngine struct {
	core.Injectable
	config nodehttp.Config
}

func (e *httpEngine) Config() any { return &e.config }

func TestNoConfigurationWhileTheNodeLogsBodies(t *testing.T) {
	server := &httpEngine{config: nodehttp.Config{Log: nodehttp.LogMetadataAndBodyLevel}}
	_, err := construct(validSection(), nil, Node{Policies: nodesPolicies{}, HTTP: server}, Hooks{})
	assert.ErrorContains(t, err, "mitz.profiles: cannot be used while http.log is 'metadata-and-body'")
	server.config.Log = nodehttp.LogMetadataLevel
	config, err := construct(validSection(), nil, Node{Policies: nodesPolicies{}, HTTP: server}, Hooks{})
	require.NoError(t, err)
	config.Link.Close()
}
