// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto/tls"
	"net/http"
	"os"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// Mitz is a running Mitz simulator with the files by which a node reaches it.
type Mitz struct {
	*mitztest.Simulator
	Files mitztest.Files

	config mitztest.Config
	client *tls.Config // of a requester or a data holder, for what is below the endpoint
}

// Restart ends the simulator and starts one in its place, which has nothing on record and
// behaves. Change may be nil, and holds until the next restart. Nothing else may use m meanwhile.
func (m *Mitz) Restart(change func(config *mitztest.Config)) error {
	m.Close()
	config := m.config
	if change != nil {
		change(&config)
	}
	simulator, err := mitztest.Start(config)
	if err == nil {
		m.Simulator = simulator
	}
	return err
}

// StartMitz starts a Mitz simulator until the workspace is closed. It lets in clients
// of its own authority, and of those that are given. It notifies nodes by their names, with
// the certificate of its own client.
func (w *Workspace) StartMitz(authorities ...*mitztest.Identity) (*Mitz, error) {
	return w.startMitz(nil, authorities...)
}

// startMitz starts a Mitz simulator that may also be an issuer.
func (w *Workspace) startMitz(issuer *issuer.Issuer, authorities ...*mitztest.Identity) (*Mitz, error) {
	identity, err := mitztest.NewIdentity()
	if err != nil {
		return nil, err
	}
	dir := w.Path(w.unique("mitz"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := identity.WriteFiles(dir)
	if err != nil {
		return nil, err
	}
	config := identity.Config()
	for _, authority := range authorities {
		config.ClientCAs.AppendCertsFromPEM(authority.CAPEM())
	}
	config.Notify = &http.Transport{DialContext: w.hosts.dial, TLSClientConfig: &tls.Config{
		RootCAs: w.tls.Pool(), Certificates: []tls.Certificate{identity.Client()}, MinVersion: tls.VersionTLS12,
	}}
	ports, err := ReservePorts() // so that the port is still free at a restart
	if err != nil {
		return nil, err
	}
	w.onClose(func() error { ports.Release(); return nil })
	config.Address = ports.address(1)
	config.Issuer = issuer
	simulator, err := mitztest.Start(config)
	if err != nil {
		return nil, err
	}
	mitz := &Mitz{Simulator: simulator, Files: files, config: config, client: identity.ClientTLS()}
	w.onClose(func() error { mitz.Close(); return nil })
	return mitz, nil
}

// addMitz starts the simulator and writes the mitz section, when there are guarded scopes.
func (w *World) addMitz(node *NodeConfig) (err error) {
	if len(w.config.Profiles) == 0 {
		return nil
	}
	var issuer *issuer.Issuer
	if w.config.MitzIssues {
		if issuer, err = w.startIssuer(w.config.Strict); err != nil {
			return err
		}
	}
	if w.Mitz, err = w.startMitz(issuer, w.config.MitzAuthorities...); err != nil {
		return err
	}
	keys, err := w.PatientKeys()
	if err != nil {
		return err
	}
	section := MitzConfig{
		KeyFile:        keys,
		Endpoint:       w.Mitz.Endpoint(),
		CertFile:       w.Mitz.Files.Certificate,
		CertKeyFile:    w.Mitz.Files.Key,
		TrustStoreFile: w.Mitz.Files.TrustStore,
		DataHolders:    w.DataHolders,
		Profiles:       w.config.Profiles,
		Trust:          w.Trust(),
	}
	w.trustMitz(&section)
	if w.config.ConfigureMitz != nil {
		w.config.ConfigureMitz(&section)
	}
	w.MitzConfig = section
	node.YAML, err = section.YAML()
	return err
}
