// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package chart

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

var directory = filepath.Join("..", "..", "deploy", "helm", "nuts-mitz")

// object is one of Kubernetes's, as the chart renders it.
type object = map[string]any

// exampleWith returns the values of the example, changed by values in YAML.
func exampleWith(t *testing.T, changed string) chartutil.Values {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(directory, "example-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := chartutil.ReadValues([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	return chartutil.CoalesceTables(more, values)
}

// render returns what the chart makes of values, by kind and name.
func render(t *testing.T, values chartutil.Values) (map[string]object, error) {
	t.Helper()
	chart, err := loader.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "east", Namespace: "care", Revision: 1, IsInstall: true}, nil)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	objects := map[string]object{}
	for name, content := range files {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for document := range strings.SplitSeq(content, "\n---") {
			var found object
			if err := yaml.UnmarshalStrict([]byte(document), &found); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			if len(found) > 0 {
				objects[found["kind"].(string)+"/"+at(found, "metadata", "name").(string)] = found
			}
		}
	}
	return objects, nil
}

// at returns what stands at a path, nil when nothing does. An int goes into a list.
func at(value any, path ...any) any {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			below, _ := value.(object)
			value = below[key]
		case int:
			list, _ := value.([]any)
			if key >= len(list) {
				return nil
			}
			value = list[key]
		}
	}
	return value
}

func TestTheChartIsLinted(t *testing.T) {
	result := lint.AllWithKubeVersion(directory, exampleWith(t, ""), "care", nil)
	for _, each := range result.Messages {
		// It asks for an icon, for a catalogue in which this chart is not.
		if each.Severity > support.InfoSev || !strings.Contains(each.Error(), "icon is recommended") {
			t.Error(each)
		}
	}
}

func TestWhatTheExampleGives(t *testing.T) {
	objects, err := render(t, exampleWith(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"ConfigMap/east-nuts-mitz", "StatefulSet/east-nuts-mitz", "Service/east-nuts-mitz", "Service/east-nuts-mitz-nodes",
		"Service/east-nuts-mitz-internal", "Ingress/east-nuts-mitz", "NetworkPolicy/east-nuts-mitz", "PodDisruptionBudget/east-nuts-mitz",
	} {
		if objects[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	if len(objects) != 8 {
		t.Errorf("it makes %d objects", len(objects))
	}
	pod := at(objects["StatefulSet/east-nuts-mitz"], "spec", "template", "spec")
	for _, tc := range []struct {
		what   string
		wanted any
		path   []any
	}{
		{"no variables for services", false, []any{"enableServiceLinks"}},
		{"no account of Kubernetes", false, []any{"automountServiceAccountToken"}},
		{"no chmod of the audit file at each start", "OnRootMismatch", []any{"securityContext", "fsGroupChangePolicy"}},
		{"not root", true, []any{"securityContext", "runAsNonRoot"}},
		{"the user of the image", 18081.0, []any{"securityContext", "runAsUser"}},
		{"the usual system calls", "RuntimeDefault", []any{"securityContext", "seccompProfile", "type"}},
		{"no more privileges", false, []any{"containers", 0, "securityContext", "allowPrivilegeEscalation"}},
		{"a file system to read", true, []any{"containers", 0, "securityContext", "readOnlyRootFilesystem"}},
		{"no capabilities", "ALL", []any{"containers", 0, "securityContext", "capabilities", "drop", 0}},
		{"alive", "/status", []any{"containers", 0, "livenessProbe", "httpGet", "path"}},
		{"started", "/status", []any{"containers", 0, "startupProbe", "httpGet", "path"}},
		{"ready", "/health", []any{"containers", 0, "readinessProbe", "httpGet", "path"}},
		{"asked inside", "internal", []any{"containers", 0, "livenessProbe", "httpGet", "port"}},
		{"memory is limited", "1Gi", []any{"containers", 0, "resources", "limits", "memory"}},
		{"the chart's version", "nuts-mitz:0.1.0", []any{"containers", 0, "image"}},
		{"secrets come by name", "nuts-mitz-environment", []any{"containers", 0, "envFrom", 0, "secretRef", "name"}},
		{"files for the group alone", 288.0, []any{"volumes", 2, "secret", "defaultMode"}}, // 0440
	} {
		if got := at(pod, tc.path...); !reflect.DeepEqual(got, tc.wanted) {
			t.Errorf("%s: %v is %v", tc.what, tc.path, got)
		}
	}
}

// TestTheConfigurationArrivesAsItWasGiven: a node is started with it elsewhere, see
// TestPackagedConfigurationsStart.
func TestTheConfigurationArrivesAsItWasGiven(t *testing.T) {
	values := exampleWith(t, "")
	objects, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	var arrived object
	if err := yaml.Unmarshal([]byte(at(objects["ConfigMap/east-nuts-mitz"], "data", "nuts.yaml").(string)), &arrived); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(arrived, object(values["config"].(map[string]any))) {
		t.Errorf("it became %v", arrived)
	}
}

// TestTheInternalInterfaceIsNotExposed: it has no passwords.
func TestTheInternalInterfaceIsNotExposed(t *testing.T) {
	for name, tc := range map[string]struct {
		values   string
		rules    int
		internal any // from where
	}{
		"by the example":                {"", 2, "record-system"},
		"where nobody is named":         {"networkPolicy: {publicFrom: [], internalFrom: []}", 0, nil},
		"where only a proxy is named":   {"networkPolicy: {internalFrom: []}", 1, nil},
		"where there is no service":     {"service: {internal: {enabled: false}}", 2, "record-system"},
		"by an ingress of another kind": {"ingress: {annotations: {a: b}}", 2, "record-system"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := render(t, exampleWith(t, tc.values))
			if err != nil {
				t.Fatal(err)
			}
			for name, each := range objects {
				switch each["kind"] {
				case "Service":
					if kind := at(each, "spec", "type"); kind != "ClusterIP" && at(each, "spec", "clusterIP") != "None" {
						t.Errorf("%s is of type %v", name, kind)
					}
				case "Ingress":
					backend := at(each, "spec", "rules", 0, "http", "paths", 0, "backend", "service")
					if at(backend, "name") != "east-nuts-mitz" || at(backend, "port", "name") != "public" {
						t.Errorf("%s leads to %v", name, backend)
					}
				}
			}
			public := at(objects["Service/east-nuts-mitz"], "spec", "ports").([]any)
			if len(public) != 1 || at(public[0], "targetPort") != "public" {
				t.Errorf("the public service leads to %v", public)
			}
			policy := objects["NetworkPolicy/east-nuts-mitz"]
			rules, isList := at(policy, "spec", "ingress").([]any)
			if !isList || len(rules) != tc.rules || !reflect.DeepEqual(at(policy, "spec", "policyTypes"), []any{"Ingress"}) {
				t.Fatalf("the policy is %v", policy)
			}
			var internal any
			for _, rule := range rules {
				if from, _ := at(rule, "from").([]any); len(from) == 0 {
					t.Error("a rule lets in everybody")
				}
				if at(rule, "ports", 0, "port") == "internal" {
					internal = at(rule, "from", 0, "podSelector", "matchLabels", "app")
				}
			}
			if internal != tc.internal {
				t.Errorf("the internal interface is for %v", internal)
			}
		})
	}
}

func TestOneNodeNeedsNoBudget(t *testing.T) {
	objects, err := render(t, exampleWith(t, "replicaCount: 1"))
	if err != nil {
		t.Fatal(err)
	}
	if objects["PodDisruptionBudget/east-nuts-mitz"] != nil {
		t.Error("a budget keeps the only node where it is")
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ values, told string }{
		"a misspelt one":                          {"replicas: 2", "replicas"},
		"no mitz section":                         {"config: {mitz: null}", "mitz"},
		"an address that the chart sets":          {`config: {http: {internal: {address: ":9"}}}`, "address"},
		"a peer that is everybody":                {"networkPolicy: {internalFrom: [{}]}", "internalFrom"},
		"an ingress without a host":               {`ingress: {host: ""}`, "ingress.host"},
		"a readiness that nothing answers":        {"probes: {readinessPath: /ready}", "readinessPath"},
		"a digest that is none":                   {"image: {digest: latest}", "digest"},
		"a disk that two machines could write to": {"persistence: {accessMode: ReadWriteMany}", "accessMode"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, exampleWith(t, tc.values))
			if err == nil || !strings.Contains(err.Error(), tc.told) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	t.Run("none at all", func(t *testing.T) {
		if _, err := render(t, chartutil.Values{}); err == nil {
			t.Error("it renders a node that guards nothing")
		}
	})
}
