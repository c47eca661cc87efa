// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// configFileKey is the node's key for the name of its configuration file, and
// defaultConfigFile the one that need not be there.
const (
	configFileKey     = "configfile"
	defaultConfigFile = "./config/nuts.yaml"
)

// readSources reads again where the node's configuration comes from: what the node made of it
// does not tell what an operator got wrong.
func readSources(server core.ServerConfig, flags Flags) (settings.Sources, error) {
	loaded := &wholeConfig{}
	if err := server.InjectIntoEngine(loaded); err != nil {
		return settings.Sources{}, err
	}
	sources := settings.Sources{Environment: os.Environ(), Flags: flags.given()}
	path, _ := loaded.values[configFileKey].(string)
	if path == "" {
		return sources, nil
	}
	var err error
	if sources.File, err = readConfigFile(path); err != nil {
		return settings.Sources{}, &settings.Problem{Key: configFileKey, Text: err.Error()}
	}
	if read, _ := loaded.values[Name].(map[string]any); lost(read, sources.File) {
		return settings.Sources{}, &settings.Problem{Key: configFileKey, Text: "the file " + path + " changed while it was read: start again"}
	}
	// Where the file names itself, by the node's reckoning it is another that was read.
	for _, each := range []string{path, defaultConfigFile} {
		if content, err := readConfigFile(each); err == nil && settings.HasKey(content, configFileKey) {
			return settings.Sources{}, &settings.Problem{Key: configFileKey, Text: "has no place in the file " + each + " itself: remove it"}
		}
	}
	return sources, nil
}

// readConfigFile returns nil for the default file when it is not there, as the node does. What
// can be read only once, such as a pipe, the node has read.
func readConfigFile(path string) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist) && path == defaultConfigFile:
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file, and this software must read it after the node does: name a file", path)
	}
	return os.ReadFile(path)
}

// lost reports whether the node read a section with lists, which it can have from nowhere
// but the file, and the file now has none.
func lost(read map[string]any, file []byte) bool {
	if settings.HasKey(file, Name) {
		return false
	}
	for key, value := range read {
		if _, list := value.([]any); list && slices.Contains(distinctiveKeys, key) {
			return true
		}
	}
	return false
}

// wholeConfig has the node give all of its configuration, and not one engine's section.
type wholeConfig struct{ values map[string]any }

var _ core.Injectable = (*wholeConfig)(nil)

func (*wholeConfig) Name() string  { return "" }
func (c *wholeConfig) Config() any { return &c.values }
