// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// maxDefinitionSize is the largest presentation definition that is read, in bytes.
const maxDefinitionSize = 1 << 20

// operatorsDefinitions looks up the definition that the operator has for a profile:
// in the profile's file, or in the node's own policy files.
func operatorsDefinitions(node nutspolicy.PDPBackend) policy.Definitions {
	return func(profile policy.ProfileConfig) (pe.WalletOwnerMapping, error) {
		nodes, err := node.PresentationDefinitions(context.Background(), profile.Scope)
		if err != nil && !errors.Is(err, nutspolicy.ErrNotFound) {
			return nil, err
		}
		if nodes != nil {
			if err := checkPolicyFiles(node); err != nil {
				return nil, err
			}
		}
		if profile.PresentationDefinition == "" {
			return nodes, nil
		}
		if nodes != nil {
			return nil, errors.New("the node's policy files define this scope too: which of the two counts?")
		}
		return readDefinition(profile.PresentationDefinition)
	}
}

// checkPolicyFiles refuses policy files that can be read in two ways, where one of them
// defines a guarded scope: the node itself takes the last of two definitions, and mixes the
// parts of one that are there twice.
func checkPolicyFiles(node nutspolicy.PDPBackend) error {
	engine, ok := node.(core.Injectable)
	if !ok {
		return nil
	}
	config, ok := engine.Config().(*nutspolicy.Config)
	if !ok {
		return errors.New("the node's policy files cannot be found")
	}
	files, err := os.ReadDir(config.Directory)
	if err != nil {
		return fmt.Errorf("policy.directory: %w", err)
	}
	for _, file := range files {
		if file.IsDir() || !strings.HasSuffix(file.Name(), ".json") {
			continue // as the node has it
		}
		content, err := os.ReadFile(filepath.Join(config.Directory, file.Name()))
		if err != nil {
			return fmt.Errorf("policy.directory: %w", err)
		}
		if err := strictjson.Check(content, nil); err != nil {
			return fmt.Errorf("policy.directory: %s: %w", file.Name(), err)
		}
	}
	return nil
}

// readDefinition reads a presentation definition for the organisation's wallet from
// a file, checked against its JSON schema (Presentation Exchange 2.0).
func readDefinition(file string) (pe.WalletOwnerMapping, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxDefinitionSize {
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", file, maxDefinitionSize)
	}
	content, err := textfile.Read(file)
	if err != nil {
		return nil, err
	}
	if !json.Valid(content) {
		return nil, fmt.Errorf("%s: not JSON", file)
	}
	if err := strictjson.Check(content, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	definition, err := pe.ParsePresentationDefinition(content)
	if err != nil {
		return nil, fmt.Errorf("%s: not a presentation definition: %w", file, err)
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: *definition}, nil
}
