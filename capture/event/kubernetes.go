package event

// Object is an object of Kubernetes, as the API server knows it.
type Object struct {
	Name, UID string
	Labels    []Label // by key
}

// Pod is a pod and the objects that explain it. Records are shared by the containers of the pod and change as the objects do; those that are not known, or
// that there are none of, are nil.
type Pod struct {
	Object
	Namespace, Node, IP string // names, but for the address

	Space, Set, Controller, Deployment *Object   // its namespace, replica set, replication controller
	Services                           []*Object // that select it, by name
}

// MaxKubeRecord is the size of the text of a K8sE event: what a parameter holds, and its zero byte.
const MaxKubeRecord = 1<<16 - 2
