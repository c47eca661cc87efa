// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NodeConfig says which node to start, and how it differs from the plain one.
type NodeConfig struct {
	Name   string // names its log and directory
	Binary string
	// Strict has the node run in strict mode, as that of a hospital must. It gets a host name,
	// by which strict nodes and the harness can reach it.
	Strict bool

	// Settings are configuration keys in dotted form, such as
	// "auth.authorizationendpoint.enabled"; they replace the harness's own.
	Settings map[string]any
	// YAML is added to nuts.yaml, for sections that are not in Settings, such as mitz. In it
	// [NodeURL] and [PublicURL] are replaced by addresses of the node.
	YAML string
	// Policies become the files of policy.directory: names without ".json" to contents.
	Policies map[string]string
	// Env are further environment variables, as "NUTS_MITZ_TIMEOUT=1s".
	Env []string
}

// The ports of a node in its block.
const (
	publicPort = 1 + iota
	internalPort
	natsPort
)

// settings are the keys of two nodes on loopback, without containers and without internet.
func (c NodeConfig) settings(dir, url string, ports *PortBlock) map[string]any {
	result := map[string]any{
		"url":                         url,
		"strictmode":                  false,
		"verbosity":                   "debug",
		"internalratelimiter":         false,
		"didmethods":                  []string{"web"},
		"datadir":                     filepath.Join(dir, "data"),
		"http.public.address":         ports.address(publicPort),
		"http.internal.address":       ports.address(internalPort),
		"events.nats.hostname":        "127.0.0.1",
		"events.nats.port":            ports.Port(natsPort),
		"auth.contractvalidators":     []string{"dummy"},
		"auth.irma.autoupdateschemas": false,
		"goldenhammer.enabled":        false,
		"pki.denylist.url":            "",
		"policy.directory":            filepath.Join(dir, "policy"),
		"crypto.storage":              "fs",
	}
	if c.Strict {
		maps.Copy(result, strictSettings(dir))
	}
	maps.Copy(result, c.Settings)
	return result
}

// strictSettings are what strict mode demands: a database that was chosen, and no dummy
// that signs contracts. (The default irma fetches its schemes from the internet.)
func strictSettings(dir string) map[string]any {
	return map[string]any{
		"strictmode":              true,
		"auth.contractvalidators": []string{"employeeid"},
		"storage.sql.connection":  "sqlite:file:" + filepath.Join(dir, "data", "sqlite.db") + "?_pragma=foreign_keys(1)&journal_mode(WAL)",
	}
}

// write writes nuts.yaml and the policies, and returns the path of nuts.yaml.
func (c NodeConfig) write(dir, url string, ports *PortBlock) (string, error) {
	for _, sub := range []string{"data", "policy", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return "", err
		}
	}
	for name, content := range c.Policies {
		if err := os.WriteFile(filepath.Join(dir, "policy", name+".json"), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	yaml, err := renderYAML(c.settings(dir, url, ports))
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "nuts.yaml")
	added := strings.NewReplacer(NodeURL, url, PublicURL, "http://"+ports.address(publicPort)).Replace(c.YAML)
	return path, os.WriteFile(path, []byte(yaml+added), 0o600)
}

// renderYAML turns dotted keys into nested YAML; values are written as JSON, which
// is YAML.
func renderYAML(settings map[string]any) (string, error) {
	tree := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		node := tree
		parts := strings.Split(key, ".")
		for _, part := range parts[:len(parts)-1] {
			child, ok := node[part].(map[string]any)
			if !ok {
				child = map[string]any{}
				node[part] = child
			}
			node = child
		}
		node[parts[len(parts)-1]] = settings[key]
	}
	var text strings.Builder
	err := renderTree(&text, tree, "")
	return text.String(), err
}

func renderTree(text *strings.Builder, tree map[string]any, indent string) error {
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		if child, ok := tree[key].(map[string]any); ok {
			_, _ = fmt.Fprintf(text, "%s%s:\n", indent, key)
			if err := renderTree(text, child, indent+"  "); err != nil {
				return err
			}
			continue
		}
		value, err := json.Marshal(tree[key])
		if err != nil {
			return fmt.Errorf("setting %s: %w", key, err)
		}
		_, _ = fmt.Fprintf(text, "%s%s: %s\n", indent, key, value)
	}
	return nil
}
