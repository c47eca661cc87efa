// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// configFileKey is the node's key for the name of its configuration file, and
// defaultConfigFile the one that need not be there.
const (
	configFileKey     = "configfile"
	defaultConfigFile = "./config/nuts.yaml"
)

// sources are where the node's configuration comes from, read again: what the node made of
// it does not tell what an operator got wrong.
func (e *Engine) sources(server core.ServerConfig) (settings.Sources, error) {
	loaded := &wholeConfig{}
	if err := server.InjectIntoEngine(loaded); err != nil {
		return settings.Sources{}, err
	}
	sources := settings.Sources{Environment: os.Environ(), Flags: e.givenFlags()}
	path, _ := loaded.values[configFileKey].(string)
	if path == "" {
		return sources, nil
	}
	var err error
	if sources.File, err = readConfigFile(path); err != nil {
		return settings.Sources{}, &settings.Problem{Key: configFileKey, Text: err.Error()}
	}
	if read, _ := loaded.values[moduleName].(map[string]any); lost(read, sources.File) {
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

// readConfigFile gives nil for the default file when it is not there, as the node does. What
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
	if settings.HasKey(file, moduleName) {
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

// givenFlags are the engine's flags on the command line, by their keys below the section.
func (e *Engine) givenFlags() map[string]string {
	given := map[string]string{}
	for _, flags := range e.flags {
		flags.VisitAll(func(flag *pflag.Flag) {
			if key, ours := strings.CutPrefix(flag.Name, moduleName+"."); ours && flag.Changed {
				given[key] = flag.Value.String()
			}
		})
	}
	return given
}

// checkSyntax refuses a configuration file that is no YAML before the node does, which says
// where, but not what to do.
func checkSyntax(command *cobra.Command, _ []string) error {
	flag := command.Flags().Lookup(configFileKey)
	path := flag.Value.String()
	if variable, exists := os.LookupEnv("NUTS_CONFIGFILE"); exists && !flag.Changed {
		path = strings.TrimSpace(variable)
	}
	content, err := readConfigFile(path)
	if err != nil {
		return nil // for the node to tell, or for the engine
	}
	if err := settings.CheckSyntax(content); err != nil {
		command.SilenceErrors, command.SilenceUsage = true, true
		return fmt.Errorf("unable to load the configuration file %s: %w", path, err)
	}
	return nil
}
