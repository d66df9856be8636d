//go:build !linux

package capture

func effective() Caps { return 0 }

// DropPrivileges does nothing where there is no live capture.
func DropPrivileges(Caps) error { return nil }
