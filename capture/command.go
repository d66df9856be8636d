package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
)

// CommandError tells that a command cannot be run.
type CommandError struct {
	Name string
	Err  error
}

// Error is a line. What looks like a filter is told apart: it has to stand in front of the dashes.
func (e *CommandError) Error() string {
	switch {
	case errors.Is(e.Err, exec.ErrNotFound), errors.Is(e.Err, fs.ErrNotExist):
		if strings.ContainsAny(e.Name, "=<>") {
			return e.Name + ": command not found; a filter stands in front of --"
		}
		return e.Name + ": command not found"
	case errors.Is(e.Err, fs.ErrPermission):
		return e.Name + ": permission denied"
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

func (e *CommandError) Unwrap() error { return e.Err }

// Code is what a shell would exit with: 127 when there is no such command, 126 when it cannot be run.
func (e *CommandError) Code() int {
	if errors.Is(e.Err, exec.ErrNotFound) || errors.Is(e.Err, fs.ErrNotExist) {
		return 127
	}
	return 126
}

// FindCommand returns the path of the program called name. Every error is a *CommandError.
func FindCommand(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil || errors.Is(err, exec.ErrDot) { // the user says which directories are searched, as in a shell
		return path, nil
	}
	if ee, ok := errors.AsType[*exec.Error](err); ok {
		err = ee.Err
	}
	return "", &CommandError{name, err}
}
