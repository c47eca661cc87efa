// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/settings"
)

// section has a field of each kind.
type section struct {
	Enabled  bool          `koanf:"enabled"`
	Endpoint string        `koanf:"endpoint"`
	Timeout  time.Duration `koanf:"timeout"`
	Rate     int           `koanf:"rate"`
	TLS      struct {
		File string `koanf:"certfile"`
	} `koanf:"tls"`
	Profiles []profile `koanf:"profiles"`
	embedded `koanf:",squash"`
	Unread   string `koanf:"-"`
}

type profile struct {
	Scope      string            `koanf:"scope"`
	Categories []string          `koanf:"categories"`
	Claims     map[string]string `koanf:"claims"`
	Age        time.Duration     `koanf:"age"`
}

type embedded struct {
	Trust map[string][]string `koanf:"trust"`
}

// read reads a section called mitz from a file and an environment.
func read(file string, environment ...string) (section, bool, []string) {
	result := section{Enabled: true, Timeout: time.Second}
	present, err := settings.Sources{
		Name: "mitz", File: []byte(file), Environment: environment, Distinctive: []string{"profiles", "dataholders"},
		Unknown: func(key string) string {
			if key == "profiles.subscribe" || key == "later.key" {
				return "is not available yet"
			}
			return ""
		},
	}.Read(&result)
	return result, present, problemsIn(err)
}

func problemsIn(err error) (texts []string) {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

const whole = `
mitz:
  endpoint: https://mitz.example
  timeout: 3s
  rate: 10
  tls: {certfile: a.pem}
  profiles:
    - scope: birth-care
      categories: [GGC002, GGC012]
      claims: {organization_ura: ura}
      age: 720h
  trust:
    organization: ["did:web:a.example", holder]
    enrollment: holder
`

func TestASectionIsRead(t *testing.T) {
	result, present, problems := read(whole)
	assert.True(t, present)
	assert.Empty(t, problems)
	expected := section{Enabled: true, Endpoint: "https://mitz.example", Timeout: 3 * time.Second, Rate: 10}
	expected.TLS.File = "a.pem"
	expected.Profiles = []profile{{
		Scope: "birth-care", Categories: []string{"GGC002", "GGC012"}, Claims: map[string]string{"organization_ura": "ura"}, Age: 720 * time.Hour,
	}}
	expected.Trust = map[string][]string{"organization": {"did:web:a.example", "holder"}, "enrollment": {"holder"}}
	assert.Equal(t, expected, result)

	t.Run("aliases and merge keys are followed, and what is written beside them counts", func(t *testing.T) {
		result, _, problems := read(`
common: &common {scope: shared, categories: [GGC002]}
who: &who [holder]
mitz:
  profiles:
    - <<: *common
      scope: own
    - {<<: [*common]}
  trust: {enrollment: *who}
`)
		assert.Empty(t, problems)
		assert.Equal(t, []profile{{Scope: "own", Categories: []string{"GGC002"}}, {Scope: "shared", Categories: []string{"GGC002"}}}, result.Profiles)
		assert.Equal(t, map[string][]string{"enrollment": {"holder"}}, result.Trust)
	})
	t.Run("no section", func(t *testing.T) {
		for _, file := range []string{"", "# nothing\n", "url: https://node.example\nhttp: {log: metadata}\n"} {
			_, present, problems := read(file, "NUTS_URL=x", "PATH=/bin", "HOME")
			assert.False(t, present, file)
			assert.Empty(t, problems, file)
		}
	})
}

func TestAFileThatMeansSomethingElse(t *testing.T) {
	for _, tc := range []struct {
		name, file, problem string
	}{
		{"a section without keys", "mitz:\n", "mitz: is empty: write its keys below it, indented with spaces; to guard nothing on purpose write enabled: false below it"},
		{"a section with an empty map", "mitz: {}\n", "mitz: is empty: "},
		{"a section that is a tilde", "mitz: ~\n", "mitz: is empty: "},
		{"a section whose keys are not indented", "mitz:\nendpoint: x\nprofiles: []\n", "profiles: belongs below mitz: indent it"},
		{"a section that is true", "mitz: true\n", "mitz: is no section: "},
		{"a section that is a number", "mitz: 1\n", "mitz: is no section: "},
		{"a section that is a text", "mitz: enabled\n", "mitz: is no section: "},
		{"a section that is a list", "mitz:\n  - endpoint: x\n", "mitz: is a list: write its keys without a dash"},
		{"a slip of the pen", "mits:\n  endpoint: x\n", "mits: no such section: did you mean mitz?"},
		{"letters in each other's place", "mtiz: {endpoint: x}\n", "mtiz: no such section: "},
		{"a letter too few", "mit: {endpoint: x}\n", "mit: no such section: "},
		{"a letter too many", "miitz: {endpoint: x}\n", "miitz: no such section: "},
		{"capitals", "Mitz: {endpoint: x}\n", "Mitz: no such section: "},
		{"a longer name", "mitz-consent: {endpoint: x}\n", "mitz-consent: no such section: "},
		{"a whole path as a key", "mitz.endpoint: x\n", "mitz.endpoint: no such section: "},
		{"with the node's name", "nuts_mitz: {endpoint: x}\n", "nuts_mitz: no such section: "},
		{"another name over keys of ours", "consent: {profiles: [{scope: a}]}\n", "consent: has keys of the section mitz: did you mean that?"},
		{"below another section", "http:\n  log: metadata\n  mitz:\n    endpoint: x\n", "http.mitz: nothing reads it there: the section mitz begins at the left margin"},
		{"below a section below another", "nuts: {a: {Mitz: {}}}\n", "nuts.a.Mitz: nothing reads it there"},
		{"in a second document", "url: x\n---\nmitz: {endpoint: x}\n", "what follows the line --- at line 2 is not read: remove that line"},
		{"the same key twice", "mitz:\n  endpoint: x\n  endpoint: y\n", "mitz.endpoint: is given twice, at lines 2 and 3: remove one of them"},
		{"the same section twice", "mitz: {endpoint: x}\nurl: x\nmitz: {endpoint: x}\n", "mitz: is given twice, at lines 1 and 3: remove one of them"},
		{"an alias to itself", "mitz:\n  trust: &a {b: [*a]}\n", "mitz.trust.b[0]: one value belongs here, not a map"},
		{"a key that is a list", "mitz:\n  ? [a]\n  : b\n", "mitz: a key must be a text (line 2)"},
		{"no YAML at all", "mitz: [\n", "line "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, problems := read(tc.file)
			require.NotEmpty(t, problems)
			assert.Contains(t, strings.Join(problems, "\n"), tc.problem)
		})
	}
	for _, file := range []string{"http: {}\n", "site: {}\n", "events: {}\n", "misc: {}\n", "smtp: {}\n", "---\nurl: x\n---\n"} {
		t.Run("this is none of ours: "+file, func(t *testing.T) {
			_, present, problems := read(file)
			assert.False(t, present)
			assert.Empty(t, problems)
		})
	}
}

func TestAValueThatMeansSomethingElse(t *testing.T) {
	for _, tc := range []struct{ yaml, problem string }{
		// durations
		{"timeout: 3", "timeout: has no unit: write 3s"},
		{"timeout: '3'", "timeout: has no unit: write 3s"},
		{"timeout: 0", "timeout: has no unit: write 0s"},
		{"timeout: 2.5", "timeout: has no unit: write 2.5s"},
		{"timeout: 2,5", "timeout: has no unit: write 2.5s"},
		{"timeout: 30d", "timeout: write 720h"},
		{"timeout: 1 week", "timeout: write 168h"},
		{"timeout: 1.5 days", "timeout: write 36h"},
		{"timeout: 3 s", "timeout: write 3s"},
		{"timeout: 3S", "timeout: write 3s"},
		{"timeout: 3sec", "timeout: write 3s"},
		{"timeout: 5 minuten", "timeout: write 5m"},
		{"timeout: 750 milliseconds", "timeout: write 750ms"},
		{"timeout: PT3S", "timeout: write 3s"},
		{"timeout: P30D", "timeout: write 720h"},
		{"timeout: 3M", "timeout: is no duration: write it with a unit"},
		{"timeout: 1:30", "timeout: is no duration: write it with a unit"},
		{"timeout: 1h30", "timeout: is no duration: write it with a unit"},
		{"timeout: soon", "timeout: is no duration: write it with a unit"},
		{"timeout: 99999999999999y", "timeout: is no duration"},
		{"timeout: true", "timeout: is no duration"},
		{"timeout:", "timeout: is empty: give it a value, or leave the key out"},
		{"timeout: [3s]", "timeout: one value belongs here, not a list"},
		{"timeout: {s: 3}", "timeout: one value belongs here, not a map"},
		// texts
		{"endpoint: 00000659", "endpoint: quote it: it begins with zeros"},
		{"endpoint: 00001234", "endpoint: quote it: it begins with zeros"},
		{"endpoint: 0x1f", "endpoint: quote it: it begins with zeros"},
		{"endpoint: 1_000", "endpoint: quote it: without quotes it is read as a number"},
		{"endpoint: 3.10", "endpoint: quote it: without quotes it is read as a number"},
		{"endpoint: 1e3", "endpoint: quote it: without quotes it is read as a number"},
		{"endpoint: .inf", "endpoint: quote it: without quotes it is read as a number"},
		{"endpoint: true", "endpoint: quote it: without quotes it is read as true or false"},
		{"endpoint: 2026-01-01", "endpoint: quote it: without quotes it is read as a date"},
		{"endpoint: ~", "endpoint: is empty"},
		{"endpoint: [a]", "endpoint: one value belongs here, not a list: write it without the dash"},
		{"endpoint: {a: b}", "endpoint: one value belongs here, not a map"},
		{"endpoint: !secret a", "endpoint: has a tag (!) that nothing here understands: remove it"},
		{"endpoint: !!binary YQ==", "endpoint: has a tag (!)"},
		// true or false
		{"enabled: no", "enabled: write false"},
		{"enabled: Off", "enabled: write false"},
		{"enabled: 0", "enabled: write false"},
		{"enabled: yes", "enabled: write true"},
		{"enabled: maybe", "enabled: true or false belongs here"},
		{"enabled:", "enabled: is empty"},
		// numbers
		{"rate: 010", "rate: write it without the zeros before it"},
		{"rate: ten", "rate: a whole number belongs here"},
		{"rate: 10.5", "rate: a whole number belongs here"},
		{"rate: 1e3", "rate: a whole number belongs here"},
		{"rate: 0x10", "rate: a whole number belongs here"},
		{"rate: 10/m", "rate: a whole number belongs here"},
		{"rate: 99999999999999999999", "rate: a whole number belongs here"},
		// sections
		{"tls: a.pem", "tls: is no section: write its keys below it, indented with spaces: certfile"},
		{"tls: [{certfile: a}]", "tls: is a list: write its keys without a dash"},
		{"tls:", "tls: is empty"},
		{"tls: {certfil: a}", "tls.certfil: no such key; did you mean certfile?"},
		// lists
		{"profiles: {scope: a, scoop: b}", "profiles: a list belongs here: begin each entry with a dash\nmitz.profiles[0].scoop: no such key; did you mean scope?"},
		{"profiles: a", "profiles: a list belongs here: begin each entry with a dash"},
		{"profiles: [a]", "profiles[0]: is no section: write its keys below it"},
		{"profiles: [[{scope: a}]]", "profiles[0]: is a list: write its keys without a dash"},
		{"profiles: [{scope: a}, ~]", "profiles[1]: is empty"},
		{"profiles: [{scope: a, scope: b}]", "profiles[0].scope: is given twice"},
		{"profiles: [{scope: a}, {scope: [b]}]", "profiles[1].scope: one value belongs here, not a list"},
		{"profiles: [{categories: 'GGC002,GGC012'}]", "profiles[0].categories: a list belongs here: write it as in [one, other]"},
		{"profiles: [{categories: {GGC002: true}}]", "profiles[0].categories: a list belongs here: begin each entry with a dash"},
		{"profiles: [{categories: [GGC002, [GGC012]]}]", "profiles[0].categories[1]: one value belongs here, not a list"},
		{"profiles: [{categories: [~]}]", "profiles[0].categories[0]: is empty"},
		{"profiles: [{categories: [007]}]", "profiles[0].categories[0]: quote it: it begins with zeros"},
		{"profiles:", "profiles: is empty"},
		// maps
		{"trust: [organization]", "trust: a map belongs here: write its keys without a dash"},
		{"trust: [{organization: [holder]}]", "trust: a map belongs here: write its keys without a dash"},
		{"trust: holder", "trust: a map belongs here: write its keys below it"},
		{"trust: {a: [holder], a: [other]}", "trust.a: is given twice"},
		{"profiles: [{claims: {00000659: G3}}]", "profiles[0].claims.00000659: quote it: it begins with zeros"},
		{"profiles: [{claims: {true: G3}}]", "profiles[0].claims.true: quote it: without quotes it is read as true or false"},
		{"profiles: [{claims: {a: 007}}]", "profiles[0].claims.a: quote it: it begins with zeros"},
		// keys
		{"endpont: geheim", "endpont: no such key; did you mean endpoint?"},
		{"Endpoint: x", "Endpoint: no such key; did you mean endpoint?"},
		{"tls.certfile: x", "tls.certfile: no such key"},
		{"unread: x", "unread: no such key"},
		{"mitz: {endpoint: x}", "mitz: no such key"},
		{"later: {key: x}", "later: no such key"},
		{"profiles: [{subscribe: true}]", "profiles[0].subscribe: is not available yet"},
	} {
		t.Run(tc.yaml, func(t *testing.T) {
			_, present, problems := read("mitz:\n  " + tc.yaml + "\n")
			assert.True(t, present)
			require.NotEmpty(t, problems)
			assert.Contains(t, strings.Join(problems, "\n"), "mitz."+tc.problem)
			assert.NotContains(t, strings.Join(problems, "\n"), "geheim")
		})
	}
	for _, yaml := range []string{
		"timeout: 1m30s", "timeout: '3s'", "timeout: 0s", "endpoint: 12345678", "endpoint: ''", "endpoint: no", "endpoint: '007'",
		"endpoint: 0", "rate: '10'", "rate: 0", "rate: -1", "enabled: 'false'", "enabled: True", "profiles: []", "trust: {}",
		"trust: {a: holder}", "profiles: [{claims: {12345678: G3}}]",
	} {
		t.Run("this is meant so: "+yaml, func(t *testing.T) {
			_, _, problems := read("mitz:\n  " + yaml + "\n")
			assert.Empty(t, problems)
		})
	}
}

func TestTheEnvironment(t *testing.T) {
	t.Run("overrules the file, and the command line both", func(t *testing.T) {
		result := section{}
		present, err := settings.Sources{
			Name: "mitz", File: []byte("mitz: {endpoint: file, rate: 1, tls: {certfile: file}, timeout: 1s}\n"),
			Environment: []string{"NUTS_MITZ_ENDPOINT=environment", `NUTS_MITZ_TLS_CERTFILE= a\,b.pem `, "NUTS_mitz_rate=2"},
			Flags:       map[string]string{"endpoint": "flag", "timeout": "5s", "enabled": "true"},
		}.Read(&result)
		require.NoError(t, err)
		assert.True(t, present)
		assert.Equal(t, "flag", result.Endpoint)
		assert.Equal(t, "a,b.pem", result.TLS.File)
		assert.Equal(t, 2, result.Rate)
		assert.Equal(t, 5*time.Second, result.Timeout)
		assert.True(t, result.Enabled)
	})
	t.Run("one variable is a section", func(t *testing.T) {
		for _, variable := range []string{"NUTS_MITZ_ENDPOINT=", "NUTS_MITZ_ENABLED=false", "NUTS_MITZ_ENDPONIT=x", "NUTS_MITZ=true"} {
			_, present, _ := read("", variable)
			assert.True(t, present, variable)
		}
	})
	for _, tc := range []struct{ variable, problem string }{
		{"NUTS_MITZ_ENDPONIT=x", "mitz.endponit: no such key; did you mean endpoint? (variable NUTS_MITZ_ENDPONIT)"},
		{"NUTS_MITZ_TLS_CERTFIL=x", "mitz.tls.certfil: no such key; did you mean certfile? (variable NUTS_MITZ_TLS_CERTFIL)"},
		{"NUTS_MITZ_TSL_CERTFILE=x", "mitz.tsl.certfile: no such key; did you mean tls? (variable NUTS_MITZ_TSL_CERTFILE)"},
		{"NUTS_MITZ_ENDPOINT_URL=x", "mitz.endpoint.url: no such key (variable NUTS_MITZ_ENDPOINT_URL)"},
		{"NUTS_MITZ__ENDPOINT=x", "mitz..endpoint: no such key"},
		{"NUTS__MITZ_ENDPOINT=x", "NUTS__MITZ_ENDPOINT: is no variable of the node: did you mean NUTS_MITZ_...?"},
		{"NUTS_MITS_ENDPOINT=x", "NUTS_MITS_ENDPOINT: is no variable of the node: did you mean NUTS_MITZ_...?"},
		{"NUTS_MITZENDPOINT=x", "NUTS_MITZENDPOINT: is no variable of the node"},
		{"NUTS_MITZ-ENDPOINT=x", "NUTS_MITZ-ENDPOINT: is no variable of the node"},
		{"nuts_mitz_endpoint=x", "nuts_mitz_endpoint: is not read: write NUTS_MITZ_ENDPOINT"},
		{"NUTS_MITZ=true", "mitz: is a section: give its keys each in a variable of its own, and not NUTS_MITZ"},
		{"NUTS_MITZ_TLS=a.pem", "mitz.tls: is a section: give its keys each in a variable of its own, and not NUTS_MITZ_TLS"},
		{"NUTS_MITZ_TRUST=holder", "mitz.trust: lists can be given in the file only: remove the variable NUTS_MITZ_TRUST"},
		{"NUTS_MITZ_TRUST_ORGANIZATION=holder", "mitz.trust: lists can be given in the file only: remove the variable NUTS_MITZ_TRUST_ORGANIZATION"},
		{"NUTS_MITZ_PROFILES=[]", "mitz.profiles: lists can be given in the file only: remove the variable NUTS_MITZ_PROFILES"},
		{"NUTS_MITZ_PROFILES_0_SCOPE=x", "mitz.profiles: lists can be given in the file only: remove the variable NUTS_MITZ_PROFILES_0_SCOPE"},
		{"NUTS_MITZ_ENDPOINT=a,b", `mitz.endpoint: the node reads a list, for there is a comma in the variable NUTS_MITZ_ENDPOINT: write \, for it`},
		{"NUTS_MITZ_TIMEOUT=3", "mitz.timeout: has no unit: write 3s"},
		{"NUTS_MITZ_TIMEOUT=", "mitz.timeout: the variable NUTS_MITZ_TIMEOUT is empty, and would take away what the file says"},
		{"NUTS_MITZ_TLS_CERTFILE= ", "mitz.tls.certfile: the variable NUTS_MITZ_TLS_CERTFILE is empty"},
		{"NUTS_MITZ_ENABLED=no", "mitz.enabled: write false"},
		{"NUTS_MITZ_RATE=010", "mitz.rate: write it without the zeros before it"},
		{"NUTS_MITZ_LATER_KEY=x", "mitz.later.key: is not available yet (variable NUTS_MITZ_LATER_KEY)"},
		{"NUTS_MITZ_PORT=8080", "mitz.port: no such key (variable NUTS_MITZ_PORT)"},
		{"NUTS_MITZ_SERVICE_HOST=mitz.example", "mitz.service.host: no such key (variable NUTS_MITZ_SERVICE_HOST)"},
	} {
		t.Run(tc.variable, func(t *testing.T) {
			_, _, problems := read("mitz: {endpoint: x}\n", tc.variable)
			assert.Equal(t, []string{tc.problem}, cut(problems, len(tc.problem)))
		})
	}
	t.Run("the same key in two variables", func(t *testing.T) {
		_, _, problems := read("", "NUTS_MITZ_ENDPOINT=a", "NUTS_Mitz_Endpoint=b")
		assert.Equal(t, []string{"mitz.endpoint: is given twice, as NUTS_MITZ_ENDPOINT and as NUTS_Mitz_Endpoint: remove one of them"}, problems)
	})
}

func cut(texts []string, length int) []string {
	var short []string
	for _, text := range texts {
		short = append(short, text[:min(len(text), length)])
	}
	return short
}

// TestServiceLinks gives the variables of services in a cluster, of every name that could
// be taken for a key, and expects that they say nothing.
func TestServiceLinks(t *testing.T) {
	for _, service := range []string{"MITZ", "MITS", "MITZ_SIMULATOR", "MITZ_TLS", "MITZ_ENDPOINT", "MITZ_PROFILES", "MITZ_AUDIT_FILE"} {
		for _, ip := range []struct{ address, url string }{{"10.96.0.17", "tcp://10.96.0.17:8080"}, {"fd00:10:96::11", "tcp://[fd00:10:96::11]:8080"}} {
			prefix := "NUTS_" + service
			environment := []string{
				prefix + "_SERVICE_HOST=" + ip.address, prefix + "_SERVICE_PORT=8080", prefix + "_SERVICE_PORT_HTTP=8080",
				prefix + "_SERVICE_PORT_HTTP_INTERNAL=8081", prefix + "_PORT=" + ip.url, prefix + "_PORT_8080_TCP=" + ip.url,
				prefix + "_PORT_8080_TCP_PROTO=tcp", prefix + "_PORT_8080_TCP_PORT=8080", prefix + "_PORT_8080_TCP_ADDR=" + ip.address,
				prefix + "_PORT_5353_UDP=udp://10.96.0.17:5353", prefix + "_PORT_5353_UDP_PROTO=udp",
				prefix + "_PORT_5353_UDP_PORT=5353", prefix + "_PORT_5353_UDP_ADDR=" + ip.address,
			}
			_, present, problems := read("url: x\n", environment...)
			assert.False(t, present, service)
			assert.Empty(t, problems, service)
			result, _, problems := read(whole, environment...)
			assert.Empty(t, problems, service)
			assert.Equal(t, "https://mitz.example", result.Endpoint)
		}
	}
}

func TestReadList(t *testing.T) {
	type holder struct {
		Subject string `koanf:"subject"`
		URA     string `koanf:"ura"`
	}
	for _, content := range []string{
		"- subject: a\n  ura: \"00000659\"\n- {subject: b, ura: '00000660'}\n",
		`[{"subject": "a", "ura": "00000659"}, {"subject": "b", "ura": "00000660"}]`,
		"[\n\t{\"subject\": \"a\", \"ura\": \"00000659\"},\n\t{\"subject\": \"b\", \"ura\": \"00000660\"}\n]\n",
		"\ufeff[{\"subject\": \"a\", \"ura\": \"00000659\"},\r\n {\"subject\": \"b\", \"ura\": \"00000660\"}]",
	} {
		var holders []holder
		require.NoError(t, settings.ReadList([]byte(content), &holders), content)
		assert.Equal(t, []holder{{"a", "00000659"}, {"b", "00000660"}}, holders)
	}
	var types map[string]string
	require.NoError(t, settings.ReadList([]byte("\"00000659\": V6\n12345678: G3\n"), &types))
	assert.Equal(t, map[string]string{"00000659": "V6", "12345678": "G3"}, types)
	for _, tc := range []struct{ name, content, problem string }{
		{"nothing", "", "is empty: write [] or {} if nothing is in it on purpose"},
		{"comments only", "# a list\n", "is empty: "},
		{"what was left out of nuts.yaml", "dataholders:\n  - {subject: a, ura: '00000659'}\n", "line 1: a list belongs here: begin each entry with a dash"},
		{"a misspelt key", "- subject: a\n  ura: '1'\n- subject: b\n  uar: '2'\n", "line 4: [1].uar: no such key; did you mean ura?"},
		{"a number without quotes", "- subject: a\n  ura: 00000659\n", "line 2: [0].ura: quote it: it begins with zeros"},
		{"half a file", `[{"subject": "a", "ura": "00000659"}, {"subject":`, "line 1"},
		{"a tab", "- subject: a\n\tura: '1'\n", "line 2 is indented with a tab: use spaces, not a tab"},
		{"a key twice", `[{"subject": "a", "subject": "b"}]`, "line 1: [0].subject: is given twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var holders []holder
			assert.ErrorContains(t, settings.ReadList([]byte(tc.content), &holders), tc.problem)
		})
	}
}

func TestCheckSyntax(t *testing.T) {
	for _, tc := range []struct{ name, content, problem string }{
		{"a tab", "mitz:\n\tendpoint: geheim\n", "line 2 is indented with a tab: use spaces, not a tab"},
		{"a tab further on", "mitz:\n  endpoint: geheim\n  \ttimeout: 3s\n  tls: [\n", "line 3 is indented with a tab"},
		{"a key twice", "mitz: {endpoint: geheim}\nurl: x\nmitz: {endpoint: y}\n", "the key at line 3 is given already at line 1: remove one of them"},
		{"indented wrongly", "mitz:\n    endpoint: geheim\n  timeout: 3s\n", "line 2 or one beside it cannot be read"},
		{"an alias to nothing", "mitz: *geheim\n", "is no YAML"},
		{"no map", "geheim\n", "line 1 or one beside it cannot be read: cannot unmarshal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := settings.CheckSyntax([]byte(tc.content))
			require.ErrorContains(t, err, tc.problem)
			if tc.name != "an alias to nothing" { // a name, not a value
				assert.NotContains(t, err.Error(), "geheim")
			}
		})
	}
	assert.NoError(t, settings.CheckSyntax([]byte(whole)))
	assert.NoError(t, settings.CheckSyntax(nil))
}
