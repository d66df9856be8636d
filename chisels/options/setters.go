package options

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"scry/capture"
	"scry/capture/kubernetes"
	"scry/chisels"
	"scry/docs/manual"
	"scry/filter/fields"
)

type setter = func(c *Config, v string) error

func flag(p func(*Config) *bool) setter {
	return func(c *Config, _ string) error { *p(c) = true; return nil }
}

// setters put the value of each option where it belongs.
var setters = map[string]setter{
	"readfile": func(c *Config, v string) error {
		if c.Read = append(c.Read, v); v == "" {
			return Usage("-r needs the name of a file, got an empty one")
		}
		return nil
	},
	"from": func(c *Config, v string) (err error) { c.From, err = chisels.ParseBound(v, time.Local); return err },
	"to":   func(c *Config, v string) (err error) { c.To, err = chisels.ParseBound(v, time.Local); return err },
	"numevents": func(c *Config, v string) (err error) {
		c.Limit, err = manual.Count(v, "the number of events", 1)
		return err
	},
	"duration": func(c *Config, v string) error {
		n, err := manual.Count(v, "the number of seconds", 1e9)
		c.Duration = time.Duration(n) * time.Second
		return err
	},
	"displayflt":      func(*Config, string) error { return nil },
	"print":           setFormat,
	"json":            setJSON,
	"timetype":        setTime,
	"print-ascii":     buffer(fields.BufferASCII),
	"print-hex-ascii": buffer(fields.BufferHexASCII),
	"print-hex":       buffer(fields.BufferHex),
	"print-base64":    buffer(fields.BufferBase64),
	"snaplen": func(c *Config, v string) error {
		n, err := manual.Count(v, "the number of bytes", 1)
		c.Fields.SnapLen = int(min(n, 1<<20))
		c.SnapLen = int(min(n, capture.MaxSnapLen))
		return err
	},
	"verbose":         func(c *Config, v string) error { c.Verbose, c.Fields.NoCut = true, true; return nil },
	"resolve-ports":   flag(func(c *Config) *bool { return &c.Fields.ResolvePorts }),
	"quiet":           flag(func(c *Config) *bool { return &c.Quiet }),
	"summary":         flag(func(c *Config) *bool { return &c.Summary }),
	"debug":           flag(func(c *Config) *bool { return &c.Internal }),
	"color":           setColor,
	"raw":             flag(func(c *Config) *bool { return &c.Fields.Raw }),
	"unbuffered":      flag(func(c *Config) *bool { return &c.Unbuffered }),
	"progress":        flag(func(c *Config) *bool { return &c.Progress }),
	"writefile":       func(c *Config, v string) error { c.Write = v; return nil },
	"compress":        flag(func(c *Config) *bool { return &c.Out.Compress }),
	"compat":          flag(func(c *Config) *bool { return &c.Out.Compat }),
	"fatfile":         flag(func(c *Config) *bool { return &c.Fat }),
	"filter-proclist": flag(func(c *Config) *bool { return &c.ProcList }),
	"file-size": func(c *Config, v string) error {
		n, err := manual.Count(v, "the size in millions of bytes", 1e6)
		c.Rotate.Size = int64(n) * 1e6
		return err
	},
	"seconds": func(c *Config, v string) error {
		n, err := manual.Count(v, "the number of seconds", 1e9)
		c.Rotate.Every = time.Duration(n) * time.Second
		return err
	},
	"event-limit": func(c *Config, v string) (err error) {
		c.Rotate.Events, err = manual.Count(v, "the number of events", 1)
		return err
	},
	"limit": func(c *Config, v string) error {
		n, err := manual.Count(v, "the number of files", 1)
		c.Rotate.Files = int(n)
		return err
	},
	"suppress-comm": func(c *Config, v string) error {
		if c.Exclude = append(c.Exclude, v); v == "" {
			return Usage("-U needs the name of a program, got an empty one")
		}
		return nil
	},
	"buffer":        func(c *Config, v string) (err error) { c.Buffer, err = ringSize(v); return err },
	"drops":         setDrops,
	"explain-na":    func(c *Config, _ string) error { c.ExplainNA, c.Fields.JSONWhy = true, true; return nil },
	"explain":       flag(func(c *Config) *bool { return &c.Explain }),
	"page-faults":   flag(func(c *Config) *bool { return &c.PageFaults }),
	"docker-socket": socket(func(c *Config) *[]string { return &c.Engines.Docker }),
	"podman-socket": socket(func(c *Config) *[]string { return &c.Engines.Podman }),
	"cri":           socket(func(c *Config) *[]string { return &c.Engines.CRI }),
	"cri-timeout": func(c *Config, v string) error {
		n, err := manual.Count(v, "the number of milliseconds", 1e6)
		c.Engines.Timeout = time.Duration(n) * time.Millisecond
		return err
	},
	"no-containers": flag(func(c *Config) *bool { return &c.NoContainers }),
	"k8s": func(c *Config, v string) error {
		if c.Cluster = (&kubernetes.Options{Config: v}); v == "" {
			return Usage("--k8s= needs the name of a kubeconfig, or in-cluster; --k8s alone looks for one")
		}
		return nil
	},
	"node-name": func(c *Config, v string) error {
		if c.Node = v; v == "" || strings.ContainsAny(v, " ,=") {
			return fmt.Errorf("the name of a node is needed")
		}
		return nil
	},
	"exclude-users": flag(func(c *Config) *bool { return &c.NoUsers }),
	"list":          flag(func(c *Config) *bool { return &c.List }),
	"list-events":   flag(func(c *Config) *bool { return &c.ListEvents }),
	"list-markdown": flag(func(c *Config) *bool { return &c.Markdown }),
	"help":          setHelp,
	"version":       flag(func(c *Config) *bool { return &c.Version }),
	"libs-version":  flag(func(c *Config) *bool { return &c.Version }),
	"chisel":        setChisel,
	"chisel-info":   func(c *Config, v string) error { c.Info = v; return nil },
	"list-chisels":  flag(func(c *Config) *bool { return &c.ListChisels }),
	"chisel-dir":    func(*Config, string) error { return nil }, // taken before the others, see takeWords
	"csv":           flag(func(c *Config) *bool { return &c.CSV }),
	"interval":      setInterval,
	"top": func(c *Config, v string) (err error) {
		var n uint64 // 0 are all
		if v != "0" {
			n, err = manual.Count(v, "the number of rows", 1)
		}
		top := int(min(n, 1<<30))
		c.Top = &top
		return err
	},
	"by": setBy,
	"at": func(c *Config, v string) (err error) { c.At, err = chisels.ParseBound(v, time.Local); return err },
}

// socket makes the setter of an option that names the socket of an engine.
func socket(p func(*Config) *[]string) setter {
	return func(c *Config, v string) error {
		path := strings.TrimPrefix(v, "unix://")
		if path == "" || strings.Contains(path, "://") {
			return fmt.Errorf("the path of a unix socket is needed")
		}
		*p(c) = append(*p(c), path)
		return nil
	}
}

func setFormat(c *Config, v string) error {
	switch v {
	case "c", "container":
		c.Format, c.Containers = fields.ContainerFormat, true
	case "k", "kubernetes":
		c.Format, c.Containers, c.Kubernetes = fields.KubernetesFormat, true, true
	case "m", "mesos":
		return Usage("-pm is gone: nothing records Mesos tasks any more")
	case "p":
		c.PrintFormat = true
	default:
		c.Format = v
	}
	return nil
}

func setJSON(c *Config, v string) error {
	switch v {
	case "line":
	case "args":
		c.Fields.JSONArgs = true
	default:
		return Usage("--json=%s: only --json and --json=args are known", v)
	}
	c.JSON, c.Fields.NoCut = true, true
	return nil
}

func setTime(c *Config, v string) error {
	if len(v) != 1 || !strings.Contains("hardDi", v) {
		return Usage("-t %s: the time is one of h (local), a (since 1970), r (since the start), d (latency), D (since the line before), i (ISO 8601)", v)
	}
	c.Fields.Time = fields.TimeMode(v[0])
	return nil
}

func buffer(m fields.BufferMode) setter {
	return func(c *Config, _ string) error {
		if c.Fields.Buffer != fields.BufferDots && c.Fields.Buffer != m {
			return Usage("only one of -A, -b, -x and -X: buffers are shown in one way")
		}
		c.Fields.Buffer = m
		return nil
	}
}

func setHelp(c *Config, v string) error {
	if c.Help = v; v != "all" && v != manual.Lookup("help").Optional {
		return Usage("--help=%s: only --help and --help=all are known", v)
	}
	return nil
}

func setColor(c *Config, v string) error {
	if v != "auto" && v != "always" && v != "never" {
		return Usage("--color %s: auto, always or never", v)
	}
	c.Color = v
	return nil
}

func setDrops(c *Config, v string) error {
	if v != "end" && v != "stream" {
		return Usage("--drops %s: end (one line when all is over) or stream (a line where events are missing)", v)
	}
	c.Drops = v == "stream"
	return nil
}

// units are what may stand behind the size of a ring; small letters count as well.
var units = map[string]uint64{"": 1, "K": 1 << 10, "KIB": 1 << 10, "M": 1 << 20, "MIB": 1 << 20, "G": 1 << 30, "GIB": 1 << 30}

// ringSize reads the size of a ring in bytes: a power of two within the limits of the kernel side. The error names the nearest right size.
func ringSize(v string) (int, error) {
	digits := len(v) - len(strings.TrimLeft(v, "0123456789"))
	n, err := strconv.ParseUint(v[:digits], 10, 40)
	unit, ok := units[strings.ToUpper(strings.TrimSpace(v[digits:]))]
	switch n *= unit; {
	case err != nil || !ok:
		return 0, fmt.Errorf("not a size; write 16MiB, 16M or 16384K")
	case n < capture.MinBuffer || n > capture.MaxBuffer:
		return 0, fmt.Errorf("a ring has from %s to %s for each CPU", capture.Size(capture.MinBuffer), capture.Size(capture.MaxBuffer))
	case bits.OnesCount64(n) != 1:
		return 0, fmt.Errorf("the size of a ring is a power of two: %s or %s", capture.Size(1<<(bits.Len64(n)-1)), capture.Size(1<<bits.Len64(n)))
	}
	return int(n), nil
}
