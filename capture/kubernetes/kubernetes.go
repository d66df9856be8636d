// Package kubernetes asks the API server of a cluster which objects explain the pods of this node: their namespaces, replica sets, deployments, replication
// controllers and services. What it learns it hands out as records, the JSON that scap files have of such objects, so that files carry it and a replay knows it.
//
// A Watcher has an informer for each kind: pods are those of this node; of the others only names, labels and owners are asked for, and only what belongs
// to a pod of this node is handed out. The API server is only read from (get, list and watch). Whatever it does or does not do costs one warning: no event of
// the capture waits for it.
package kubernetes

import (
	"cmp"
	"context"
	"hash/maphash"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Where Options.Config looks for the API server.
const (
	Auto      = "auto"       // $KUBECONFIG, or the cluster that this runs in, or ~/.kube/config
	InCluster = "in-cluster" // the service account of the pod that this runs in
)

// Options say which API server is asked.
type Options struct {
	Config string // Auto, InCluster or the name of a kubeconfig
	Node   string // whose pods are wanted; "": NodeName
	// Timeout is how long the API server may take to begin an answer; 0: DefaultTimeout.
	Timeout time.Duration
	// Tell takes a record, JSON without a zero byte and of at most MaxRecord bytes. One call at a time.
	Tell func(record []byte)
	// Warn takes a line for the user, printable whatever the API server says. Calls come from several goroutines.
	Warn func(line string)

	connect func() (*clients, error) // of tests
}

// DefaultTimeout is how long the API server may take to begin an answer.
const DefaultTimeout = 5 * time.Second

// MaxRecord is the size of a record; of an object that does not fit the labels are left out.
const MaxRecord = 60 << 10

// Bounds.
const (
	maxObjects = 1 << 18  // of a kind, in the whole cluster
	maxTold    = 1 << 14  // that are handed out
	maxAnswer  = 64 << 20 // bytes of an answer
	maxText    = 512      // bytes of a name
	answerTime = time.Minute
	settleTime = 20 * time.Millisecond // that changes are gathered
)

// NodeName is what this node is called, as far as can be known without asking: $NODE_NAME, which a pod's manifest can set, or the name of the machine.
func NodeName() string {
	host, _ := os.Hostname()
	return cmp.Or(os.Getenv("NODE_NAME"), strings.ToLower(host))
}

// clients are the ways to ask: for whole objects, and for their metadata only.
type clients struct {
	where   string // for messages
	whole   dynamic.Interface
	partial metadata.Interface
}

// Watcher follows the objects.
type Watcher struct {
	o       Options
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	wake    chan struct{} // something has changed
	ready   chan struct{} // closed when what there is was told, or nothing can be learnt for now
	once    sync.Once
	alarms  alarms

	// Of the goroutine of run.
	clients   *clients
	informers [len(kinds)]cache.SharedIndexInformer
	told      map[string]*told // by kind and uid
	seed      maphash.Seed

	mu        sync.Mutex
	failed    [len(kinds)]bool             // the last attempt to list or watch did
	selectors map[string]map[string]string // by kind and uid; nil: not known
	asking    bool
}

var quiet = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) }) // the library has no say on stderr

// Watch begins to follow the objects.
func Watch(o Options) *Watcher {
	quiet()
	o.Node, o.Timeout = cmp.Or(o.Node, NodeName()), cmp.Or(o.Timeout, DefaultTimeout)
	if o.connect == nil {
		o.connect = o.dial
	}
	w := &Watcher{o: o, wake: make(chan struct{}, 1), ready: make(chan struct{}), told: map[string]*told{}, seed: maphash.MakeSeed(), selectors: map[string]map[string]string{}}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.alarms = alarms{warn: o.Warn, timeout: o.Timeout}
	w.running.Go(w.run)
	return w
}

// Wait waits until it is known what there is, or that nothing can be learnt for now, or the time is over.
func (w *Watcher) Wait(d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-w.ready:
	case <-over.C:
	}
}

// Close ends it and waits for that. Tell is not called any more.
func (w *Watcher) Close() {
	w.cancel()
	w.running.Wait()
	w.alarms.close()
}

func (w *Watcher) settle() { w.once.Do(func() { close(w.ready) }) }

// run connects, and tells of the objects until the watcher ends.
func (w *Watcher) run() {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		c, err := w.o.connect()
		if err == nil {
			w.clients = c
			break
		}
		w.alarms.raise(err)
		w.settle()
		if !w.sleep(wait) {
			return
		}
	}
	w.alarms.setWhere(w.clients.where)
	if !w.start() {
		return
	}
	for w.sleep(settleTime) {
		w.sync()
		w.settle()
		select {
		case <-w.wake:
		case <-w.ctx.Done():
			return
		}
	}
}

// sleep reports whether the watcher goes on.
func (w *Watcher) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-w.ctx.Done():
		return false
	}
}

// start starts the informers, and waits until each of them knows what there is or has failed. It reports whether the watcher goes on.
func (w *Watcher) start() bool {
	for i := range kinds {
		inf := w.informer(i)
		w.informers[i] = inf
		w.running.Go(func() { inf.RunWithContext(w.ctx) })
		w.running.Go(func() {
			if cache.WaitForCacheSync(w.ctx.Done(), inf.HasSynced) {
				w.poke()
			}
		})
	}
	late := time.After(w.o.Timeout + time.Second)
	for !w.settled() {
		select {
		case <-w.wake:
		case <-late:
			w.alarms.raise(errSlow)
			return true
		case <-w.ctx.Done():
			return false
		}
	}
	return true
}

func (w *Watcher) settled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, inf := range w.informers {
		if !inf.HasSynced() && !w.failed[i] {
			return false
		}
	}
	return true
}

// poke tells the goroutine of run that something has changed.
func (w *Watcher) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
