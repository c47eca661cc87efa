// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// startRow is how long a kind of node took to start, in milliseconds.
type startRow struct {
	name  string
	times []float64
}

// measureStarts starts each kind of node in turns.
func (s *scene) measureStarts(ctx context.Context, p plan) ([]startRow, error) {
	section, err := s.mitzSection("")
	if err != nil {
		return nil, err
	}
	kinds := []harness.NodeConfig{
		s.stockNode("start-stock"), s.ourNode("start-without", ""), s.ourNode("start-with", section),
	}
	rows := []startRow{{name: "stock node"}, {name: "our node without a mitz section"}, {name: "our node with one"}}
	for range p.starts {
		for i, kind := range kinds {
			node, err := s.StartNode(ctx, kind)
			if err != nil {
				return nil, err
			}
			rows[i].times = append(rows[i].times, milliseconds(node.StartTime))
			if err := node.Stop(); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}
