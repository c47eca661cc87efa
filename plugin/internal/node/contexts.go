// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"

	"github.com/nuts-mitz/nuts-mitz/docs/credentials"
)

// AllowContexts lets the node's JSON-LD engine load, in strict mode too, the context of the
// credentials of scenarios 2 and 3. Call it once the configuration is loaded, and before the
// engines are configured: the engine then makes a list of what it may load.
func (e Engines) AllowContexts() {
	config, err := e.contexts()
	if err != nil || config.LocalFileMapping[credentials.Context] != "" {
		return // LoadContexts tells the first, and the second is the operator's choice
	}
	config.RemoteAllowList = append(slices.Clone(config.RemoteAllowList), credentials.Context)
}

// LoadContexts puts that context on board of the node: for all of its engines that verify or
// issue credentials, and for those of this plugin, which share its loader. Call it when the
// node's engines are configured and not started: they read what it writes.
//
// The loader takes documents from files alone, and keeps what it has read. So the context is
// a file in this directory for as long as that takes.
func (e Engines) LoadContexts(directory string) error {
	config, err := e.contexts()
	if err != nil {
		return err
	}
	if config.LocalFileMapping[credentials.Context] != "" {
		return nil
	}
	if err := e.loadContext(config, directory); err != nil {
		return fmt.Errorf("the context of the credentials about Mitz cannot be taken on board: %w", err)
	}
	return nil
}

func (e Engines) loadContext(config *jsonld.ContextsConfig, directory string) (err error) {
	directory, err = os.MkdirTemp(directory, "mitz-context-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	file := filepath.Join(directory, "context.jsonld")
	if err := os.WriteFile(file, credentials.ContextDocument(), 0o600); err != nil {
		return err
	}
	config.LocalFileMapping[credentials.Context] = file
	_, err = e.JSONLD.DocumentLoader().LoadDocument(credentials.Context)
	return err
}

// contexts returns the configuration of contexts that the node's loader goes by.
func (e Engines) contexts() (*jsonld.ContextsConfig, error) {
	engine, ok := e.JSONLD.(core.Injectable)
	if !ok {
		return nil, errors.New("the node's JSON-LD engine has no configuration")
	}
	config, ok := engine.Config().(*jsonld.Config)
	if !ok || config.Contexts.LocalFileMapping == nil {
		return nil, errors.New("the node's JSON-LD engine has no contexts on board")
	}
	return &config.Contexts, nil
}
