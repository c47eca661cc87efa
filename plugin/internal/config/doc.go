// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package config reads the section "mitz" of the node's configuration, validates it, and
// makes of it what the engine and the commands need: a [Config], in which nothing is wrong.
//
// It reads the files that the section names. It must connect to nothing, write nothing and
// start nothing: the commands use it on a node that runs. Its errors tell every problem at
// once, and never a value: a value may be a secret.
package config

// Name is the section's key in the configuration file, and the engine's name.
const Name = "mitz"
