package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// kind is a kind of objects.
type kind struct {
	name     string
	resource schema.GroupVersionResource
	ofNode   string // the field in which the name of the node selects
	whole    bool   // more than the metadata is needed
}

// Kinds, in the order in which they are told: what explains a pod stands before it.
const (
	namespaces = iota
	nodes
	deployments
	replicaSets
	controllers
	services
	pods
)

var kinds = [...]kind{
	namespaces:  {name: "Namespace", resource: schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}},
	nodes:       {name: "Node", resource: schema.GroupVersionResource{Version: "v1", Resource: "nodes"}, ofNode: "metadata.name"},
	deployments: {name: "Deployment", resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}},
	replicaSets: {name: "ReplicaSet", resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}},
	controllers: {name: "ReplicationController", resource: schema.GroupVersionResource{Version: "v1", Resource: "replicationcontrollers"}},
	services:    {name: "Service", resource: schema.GroupVersionResource{Version: "v1", Resource: "services"}, whole: true},
	pods:        {name: "Pod", resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, ofNode: "spec.nodeName", whole: true},
}

// object is what is kept of an object.
type object struct {
	metav1.ObjectMeta                   // of it: names, uid, labels, owners, the time of creation
	selector          map[string]string // of a service
	pod               *podStatus        // of a pod
	ip                string            // of a service
}

// podStatus is what a pod has of its own.
type podStatus struct {
	node, hostIP, ip, phase string
	boxes, inits            []box
}

// box is a container of a pod.
type box struct{ name, id string }

// lister lists and watches the objects of a kind. It lists in one go: what the server may say otherwise, it may say without end.
type lister struct {
	*cache.ListWatch
}

// IsWatchListSemanticsUnSupported makes the reflector list first, and then watch.
func (lister) IsWatchListSemanticsUnSupported() bool { return true }

var errMany = fmt.Errorf("over %d objects of a kind", maxObjects)

// informer makes that of a kind.
func (w *Watcher) informer(i int) cache.SharedIndexInformer {
	k, c := &kinds[i], w.clients
	narrow := func(o metav1.ListOptions) metav1.ListOptions {
		o.FieldSelector = w.o.ofNode(k).FieldSelector
		return o
	}
	seen := 0 // objects of a list so far
	lw := lister{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if o.Continue == "" {
				seen = 0
			}
			list, n, err := k.list(ctx, c, narrow(o))
			if seen += n; err == nil && seen > maxObjects {
				err = errMany
			}
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			if o = narrow(o); o.TimeoutSeconds != nil { // the server ends it by then; one that is not there any more does not
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(*o.TimeoutSeconds)*time.Second+answerTime)
				context.AfterFunc(ctx, cancel)
			}
			if k.whole {
				return c.whole.Resource(k.resource).Watch(ctx, o)
			}
			return c.partial.Resource(k.resource).Watch(ctx, o)
		},
	}}
	var example runtime.Object = &metav1.PartialObjectMetadata{}
	if k.whole {
		example = &unstructured.Unstructured{}
	}
	inf := cache.NewSharedIndexInformer(lw, example, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	// These fail for an informer that runs already.
	_ = inf.SetTransform(k.trim)
	_ = inf.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { w.fails(i, err) })
	_, _ = inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.changed(i) },
		UpdateFunc: func(any, any) { w.changed(i) },
		DeleteFunc: func(any) { w.changed(i) },
	})
	return inf
}

// ofNode selects, of a kind that has a node, what is of this one.
func (o *Options) ofNode(k *kind) (out metav1.ListOptions) {
	if k.ofNode != "" {
		out.FieldSelector = fields.OneTermEqualSelector(k.ofNode, o.Node).String()
	}
	return out
}

// list lists a kind, and says how many objects there are in the answer. Each is trimmed at once: they may be many.
func (k *kind) list(ctx context.Context, c *clients, o metav1.ListOptions) (runtime.Object, int, error) {
	if !k.whole {
		list, err := c.partial.Resource(k.resource).List(ctx, o)
		if err != nil {
			return nil, 0, err
		}
		for i := range list.Items {
			list.Items[i].ObjectMeta = trimMeta(&list.Items[i])
		}
		return list, len(list.Items), nil
	}
	list, err := c.whole.Resource(k.resource).List(ctx, o)
	if err != nil {
		return nil, 0, err
	}
	return list, len(list.Items), nil
}

// trim makes an object of what the API server sent.
func (k *kind) trim(x any) (any, error) {
	switch u := x.(type) {
	case *metav1.PartialObjectMetadata:
		return &object{ObjectMeta: trimMeta(u)}, nil
	case *unstructured.Unstructured:
		o := &object{ObjectMeta: trimMeta(u)}
		if k == &kinds[services] {
			o.selector, _, _ = unstructured.NestedStringMap(u.Object, "spec", "selector")
			o.ip = nested(u.Object, "spec", "clusterIP")
		} else {
			o.pod = podOf(u.Object)
		}
		return o, nil
	}
	return x, nil // one that was deleted while nobody watched, or trimmed already
}

// trimMeta is what is kept of metadata.
func trimMeta(m metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.GetName(), Namespace: m.GetNamespace(), UID: m.GetUID(), Labels: m.GetLabels(), ResourceVersion: m.GetResourceVersion(),
		OwnerReferences: m.GetOwnerReferences(), CreationTimestamp: m.GetCreationTimestamp()}
}

// nested is a text in an object, "" where there is none.
func nested(m map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(m, path...)
	return s
}

func podOf(m map[string]any) *podStatus {
	p := &podStatus{node: nested(m, "spec", "nodeName"), hostIP: nested(m, "status", "hostIP"), ip: nested(m, "status", "podIP"), phase: nested(m, "status", "phase")}
	p.boxes = append(boxesOf(m, "containerStatuses"), boxesOf(m, "ephemeralContainerStatuses")...)
	p.inits = boxesOf(m, "initContainerStatuses")
	return p
}

// maxBoxes are the containers of a pod that are told, of each sort.
const maxBoxes = 128

func boxesOf(m map[string]any, list string) (out []box) {
	all, _, _ := unstructured.NestedSlice(m, "status", list)
	for _, x := range all {
		if s, ok := x.(map[string]any); ok && len(out) < maxBoxes {
			if b := (box{nested(s, "name"), nested(s, "containerID")}); b.id != "" {
				out = append(out, b)
			}
		}
	}
	return out
}

// changed notes that an informer has got something: it works.
func (w *Watcher) changed(i int) {
	w.mu.Lock()
	w.failed[i] = false
	w.mu.Unlock()
	w.poke()
}

// fails takes the error with which a list or a watch ended.
func (w *Watcher) fails(i int, err error) {
	broken := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
	if err == nil || w.ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || broken && w.informers[i].HasSynced() ||
		apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsTooManyRequests(err) {
		return // a watch ends now and then; when the next one cannot begin, that is told
	}
	w.mu.Lock()
	w.failed[i] = true
	w.mu.Unlock()
	if apierrors.IsForbidden(err) {
		w.alarms.deny(kinds[i].resource.Resource)
	} else {
		w.alarms.raise(err)
	}
	w.poke()
}

// get is an object that an informer knows, nil when it does not.
func (w *Watcher) get(i int, space, name string) *object {
	key := name
	if space != "" {
		key = space + "/" + name
	}
	x, ok, _ := w.informers[i].GetStore().GetByKey(key) // from memory: there is no error
	if o, is := x.(*object); ok && is {
		return o
	}
	return nil
}
