package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"scry/capture/event"
)

// serviceAccount is where a pod finds its credentials.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// errNowhere tells that there is nobody to ask.
var errNowhere = errors.New("no API server is known: there is no $KUBECONFIG and no ~/.kube/config, and this is no pod with a service account")

// find is where the API server is, and how to be let in.
func (o *Options) find() (*rest.Config, error) {
	switch config := cmp.Or(o.Config, Auto); config {
	case InCluster:
		return rest.InClusterConfig()
	case Auto:
		if list := os.Getenv("KUBECONFIG"); list != "" {
			return load(&clientcmd.ClientConfigLoadingRules{Precedence: filepath.SplitList(list)})
		}
		if _, err := os.Stat(serviceAccount); err == nil && os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
			return rest.InClusterConfig()
		}
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, errNowhere
		}
		file := filepath.Join(home, ".kube", "config")
		if _, err := os.Stat(file); err != nil {
			return nil, errNowhere
		}
		return load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: file})
	default:
		return load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: config})
	}
}

func load(rules *clientcmd.ClientConfigLoadingRules) (*rest.Config, error) {
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errNowhere
	}
	return c, err
}

// config is that of all connections: it lets nothing through but questions, and bounds the answers.
func (o *Options) config() (*rest.Config, error) {
	c, err := o.find()
	if err != nil {
		return nil, err
	}
	if c.ExecProvider != nil || c.AuthProvider != nil {
		return nil, errors.New("its credentials come from another program, and scry starts none: a kubeconfig with a token or a certificate is needed")
	}
	server, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return nil, err
	}
	c.UserAgent, c.QPS, c.WarningHandler, c.Host = "scry", -1, rest.NoWarnings{}, server.String()
	c.Dial = (&net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second}).DialContext
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return &limits{next, server.Host, o.Timeout} })
	return c, nil
}

// dial makes the clients. It connects to nobody yet.
func (o *Options) dial() (*clients, error) {
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	h, err := rest.HTTPClientFor(c) // one, and so one connection
	if err != nil {
		return nil, err
	}
	whole, err := dynamic.NewForConfigAndClient(c, h)
	if err != nil {
		return nil, err
	}
	partial, err := metadata.NewForConfigAndClient(c, h)
	if err != nil {
		return nil, err
	}
	return &clients{c.Host, whole, partial}, nil
}

// limits stands before the connection, behind everything that adds credentials.
type limits struct {
	next    http.RoundTripper
	host    string
	timeout time.Duration
}

var (
	errWrites = errors.New("the API server is only read from")
	errAway   = errors.New("the API server points to another one")
	errLarge  = fmt.Errorf("an answer of over %d MiB", maxAnswer>>20)
)

func (l *limits) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return nil, errWrites
	}
	if req.URL.Host != l.host { // credentials are not for those to whom a server redirects
		return nil, errAway
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	late := time.AfterFunc(l.timeout, func() { cancel(errSlow) })
	resp, err := l.next.RoundTrip(req.WithContext(ctx))
	if !late.Stop() && err == nil {
		resp.Body.Close()
		err = errSlow
	}
	if err != nil {
		if context.Cause(ctx) == errSlow {
			err = errSlow
		}
		cancel(nil)
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, left: maxAnswer}
	if req.URL.Query().Get("watch") == "true" {
		b.left = -1
	} else {
		b.late = time.AfterFunc(answerTime, func() { cancel(errSlow) })
	}
	resp.Body = b
	return resp, nil
}

// body is an answer that is bounded in size and time, or, of a watch, is not.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	late   *time.Timer
	left   int // bytes; negative: no bound
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && context.Cause(b.ctx) == errSlow {
		err = errSlow
	}
	if b.left >= 0 {
		if n > b.left {
			return 0, errLarge
		}
		b.left -= n
	}
	return n, err
}

func (b *body) Close() error {
	if b.late != nil {
		b.late.Stop()
	}
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// Survey says which API server would be asked, and whether it answers: text for a human; bad when it does not. Where there is none, that is all right.
func Survey(timeout time.Duration) (text string, bad bool) {
	quiet()
	o := Options{Node: NodeName(), Timeout: timeout}
	c, err := o.config()
	if errors.Is(err, errNowhere) {
		return "none found", false
	}
	if err != nil {
		return reason(err, timeout), true
	}
	where := event.Printable(c.Host) + ", node " + event.Printable(o.Node)
	all, err := o.dial()
	if err != nil {
		return where + ": " + reason(err, timeout), true
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	k := &kinds[nodes]
	list, err := all.partial.Resource(k.resource).List(ctx, o.ofNode(k))
	switch {
	case err != nil:
		return where + ": " + reason(err, timeout), true
	case len(list.Items) == 0:
		return where + ": it has no such node", true
	}
	return where, false
}
