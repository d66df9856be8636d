package container

import (
	"encoding/json"
	"slices"
	"strings"

	"scry/capture/event"
)

// kubectl keeps what was applied in an annotation; dockershim made a label of it.
const (
	appliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration"
	appliedLabel      = "annotation." + appliedAnnotation
	containerLabel    = "io.kubernetes.container.name"
)

// setProbes takes the liveness and readiness probes of a container from what kubectl applied. Only those that run a program count.
func setProbes(c *event.Container, applied, name string) {
	if applied == "" || name == "" {
		return
	}
	var doc struct {
		Spec struct {
			Containers []podContainer `json:"containers"`
			Template   struct {
				Spec struct {
					Containers []podContainer `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	_ = json.Unmarshal([]byte(applied), &doc) // of a damaged one what can be read
	for _, p := range slices.Concat(doc.Spec.Containers, doc.Spec.Template.Spec.Containers) {
		if p.Name == name {
			c.Liveness, c.Readiness = strings.Join(p.Liveness.Exec.Command, " "), strings.Join(p.Readiness.Exec.Command, " ")
		}
	}
}

// podContainer is a container in the specification of a pod, as far as it matters here.
type podContainer struct {
	Name      string
	Liveness  podProbe `json:"livenessProbe"`
	Readiness podProbe `json:"readinessProbe"`
}

type podProbe struct {
	Exec struct{ Command []string }
}

// healthCommand is the command line of a docker health check.
func healthCommand(test []string) string {
	switch {
	case len(test) < 2:
		return "" // none, or NONE
	case test[0] == "CMD-SHELL":
		return "/bin/sh -c " + test[1]
	case test[0] == "CMD":
		return strings.Join(test[1:], " ")
	}
	return ""
}
