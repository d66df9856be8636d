//go:build !linux

package capture

import (
	"errors"

	"scry/capture/event"
)

// TestLoad has nothing to try here.
var TestLoad func() error

// MissingFeatures says nothing here.
func MissingFeatures() []string { return nil }

// LiveSource is the kernel as a source: only Linux has one.
type LiveSource struct{}

// Live says that this is no Linux.
func Live(LiveOptions) (*LiveSource, error) { return nil, errors.New("live capture needs Linux") }

// Next is never called.
func (*LiveSource) Next(*event.Event) error { return errors.New("live capture needs Linux") }

// Close is never called.
func (*LiveSource) Close() error { return nil }

// Stats are none.
func (*LiveSource) Stats() LiveStats { return LiveStats{} }

// ExitCode is none.
func (*LiveSource) ExitCode() (int, bool) { return 0, false }

// Why has nothing to say.
func (*LiveSource) Why(*event.Container) string { return "" }

// Wake wakes nobody.
func (*LiveSource) Wake() {}
