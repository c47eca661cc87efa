// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package packaging

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// composed reads docker-compose.yml as Docker does: against its schema, with every reference
// resolved.
func composed(t *testing.T) *types.Project {
	t.Helper()
	directory, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  directory,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(directory, "docker-compose.yml")}},
		Environment: types.Mapping{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestTheComposition(t *testing.T) {
	project := composed(t)
	names := project.ServiceNames()
	slices.Sort(names)
	if !slices.Equal(names, []string{"node-1", "node-2", "postgres", "redis", "simulator"}) {
		t.Fatalf("it has %v", names)
	}
	stages := stagesOf(t, filepath.Join(root, "Dockerfile"), true)
	for name, service := range project.Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s can be reached by other machines", name, port.Published)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
		if service.Build == nil {
			continue
		}
		if !slices.ContainsFunc(stages, func(stage instructions.Stage) bool { return stage.Name == service.Build.Target }) {
			t.Errorf("%s is built from a stage %s that is not there", name, service.Build.Target)
		}
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || service.User != "" {
			t.Errorf("%s can do more than it needs", name)
		}
	}
	for name := range project.Services["node-1"].Environment {
		if project.Services["node-2"].Environment[name] == nil {
			t.Errorf("node-2 has no %s", name)
		}
	}
}
