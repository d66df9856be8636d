// Package apiserver is the part of a Kubernetes API server that clients list and watch: objects that a test puts there, over TLS, with a token. It obeys field
// selectors, pages, and what a client says it accepts, as the real one does; and it can be made to misbehave.
package apiserver

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Object is an object as JSON has it.
type Object = map[string]any

// Server is such a server.
type Server struct {
	Token string

	mu      sync.Mutex
	http    *httptest.Server
	addr    string
	objects map[string]map[string]Object // by resource, and namespace/name
	version int
	history []change
	oldest  int           // versions up to that are forgotten
	news    chan struct{} // closed at the next change
	asked   []string      // methods and paths with their questions
	answer  func(w http.ResponseWriter, r *http.Request) bool
}

type change struct {
	version        int
	resource, kind string // kind: ADDED, ...
	object         Object
}

// kinds of the resources.
var kinds = map[string]string{"pods": "Pod", "services": "Service", "namespaces": "Namespace", "nodes": "Node", "replicationcontrollers": "ReplicationController",
	"deployments": "Deployment", "replicasets": "ReplicaSet"}

// New makes a server, which does not listen yet.
func New(token string) *Server {
	return &Server{Token: token, version: 1, objects: map[string]map[string]Object{}, news: make(chan struct{})}
}

// Start begins to listen, where it did before if it did.
func (s *Server) Start() error {
	s.mu.Lock()
	addr := s.addr
	s.mu.Unlock()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(s.serve)}}
	srv.EnableHTTP2 = true
	srv.StartTLS()
	s.mu.Lock()
	s.http, s.addr = srv, l.Addr().String()
	s.mu.Unlock()
	return nil
}

// Stop ends all connections. With forget the next start is one of a server that has lost its history.
func (s *Server) Stop(forget bool) {
	s.mu.Lock()
	srv := s.http
	if s.http = nil; forget {
		s.history, s.oldest = nil, s.version
	}
	s.mu.Unlock()
	if srv != nil {
		srv.CloseClientConnections()
		srv.Listener.Close()
		srv.Config.Close()
	}
}

// Kubeconfig is that of a client.
func (s *Server) Kubeconfig() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
	ref := func(m Object) []Object { m["name"] = "x"; return []Object{m} }
	b, _ := json.Marshal(Object{"apiVersion": "v1", "kind": "Config", "current-context": "x",
		"clusters": ref(Object{"cluster": Object{"server": "https://" + s.addr, "certificate-authority-data": ca}}),
		"users":    ref(Object{"user": Object{"token": s.Token}}),
		"contexts": ref(Object{"context": Object{"cluster": "x", "user": "x"}})})
	return b
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.addr }

// Answer puts fn before all else; it reports whether it has answered. nil: the server behaves.
func (s *Server) Answer(fn func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = fn
}

// Asked is what clients asked for so far: "GET /api/v1/pods?limit=500".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func key(o Object) string {
	m := o["metadata"].(Object)
	return fmt.Sprint(m["namespace"], "/", m["name"])
}

// Put creates an object or changes it. Its metadata has a name, and a namespace unless it has none.
func (s *Server) Put(resource string, o Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.objects[resource]
	if all == nil {
		all = map[string]Object{}
		s.objects[resource] = all
	}
	o = maps.Clone(o)
	o["kind"], o["apiVersion"] = kinds[resource], "v1"
	what := "ADDED"
	if all[key(o)] != nil {
		what = "MODIFIED"
	}
	s.note(what, resource, o)
	all[key(o)] = s.history[len(s.history)-1].object
}

// Delete removes an object.
func (s *Server) Delete(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := namespace + "/" + name
	if namespace == "" {
		k = fmt.Sprint(nil, "/", name)
	}
	if o := s.objects[resource][k]; o != nil {
		delete(s.objects[resource], k)
		s.note("DELETED", resource, o)
	}
}

func (s *Server) note(what, resource string, o Object) {
	s.version++
	o = maps.Clone(o)
	m := maps.Clone(o["metadata"].(Object))
	m["resourceVersion"] = strconv.Itoa(s.version)
	o["metadata"] = m
	s.history = append(s.history, change{s.version, resource, what, o})
	close(s.news)
	s.news = make(chan struct{})
}

// status answers as the API server does when it does not do what it was asked.
func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(failure(code, reason, message))
}

func failure(code int, reason, message string) Object {
	return Object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message}
}

// Deny answers that something is forbidden.
func Deny(w http.ResponseWriter, resource string) {
	status(w, http.StatusForbidden, "Forbidden", resource+` is forbidden: User "system:serviceaccount:x:y" cannot list resource`)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.String())
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		status(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
		return
	}
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/apis/apps/v1/"), "/")
	switch {
	case r.Method != http.MethodGet:
		status(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET")
	case len(parts) == 4 && parts[0] == "namespaces": // one object
		s.mu.Lock()
		o := s.objects[parts[2]][parts[1]+"/"+parts[3]]
		s.mu.Unlock()
		if o == nil {
			status(w, http.StatusNotFound, "NotFound", "not found")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(o)
	case len(parts) != 1 || kinds[parts[0]] == "":
		status(w, http.StatusNotFound, "NotFound", "not found")
	case r.URL.Query().Get("watch") == "true":
		s.watch(w, r, parts[0])
	default:
		s.list(w, r, parts[0])
	}
}

// selected tells whether the field selector of a question selects an object.
func selected(r *http.Request, o Object) bool {
	name, want, ok := strings.Cut(r.URL.Query().Get("fieldSelector"), "=")
	if !ok {
		return true
	}
	var at any = o
	for p := range strings.SplitSeq(name, ".") {
		m, _ := at.(Object)
		at = m[p]
	}
	return at == want
}

// partial tells whether only metadata is asked for, and makes that of an object.
func partial(r *http.Request, o Object) Object {
	if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
		return o
	}
	return Object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, resource string) {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	s.mu.Lock()
	meta := Object{"resourceVersion": strconv.Itoa(s.version)}
	items := []Object{}
	for _, k := range slices.Sorted(maps.Keys(s.objects[resource])) {
		o := s.objects[resource][k]
		if k <= q.Get("continue") || !selected(r, o) {
			continue
		}
		if limit > 0 && len(items) == limit {
			meta["continue"] = key(items[len(items)-1])
			break
		}
		items = append(items, partial(r, o))
	}
	s.mu.Unlock()
	kind, api := kinds[resource]+"List", "v1"
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		kind, api = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(Object{"kind": kind, "apiVersion": api, "metadata": meta, "items": items})
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request, resource string) {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	seconds, _ := strconv.Atoi(r.URL.Query().Get("timeoutSeconds"))
	end := time.After(time.Duration(max(seconds, 1)) * time.Second)
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	w.(http.Flusher).Flush()
	for {
		s.mu.Lock()
		if from < s.oldest {
			s.mu.Unlock()
			out.Encode(Object{"type": "ERROR", "object": failure(http.StatusGone, "Expired", "too old resource version")})
			return
		}
		var list []change
		for _, c := range s.history {
			if c.version > from && c.resource == resource && selected(r, c.object) {
				list = append(list, c)
			}
		}
		from = s.version
		news := s.news
		s.mu.Unlock()
		for _, c := range list {
			if out.Encode(Object{"type": c.kind, "object": partial(r, c.object)}) != nil {
				return
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-news:
		case <-end:
			return
		case <-r.Context().Done():
			return
		}
	}
}
