package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/keylease/keylease/api/v1alpha1"
)

// news is what was written to leases and sheets, as the API server answered it. The operator is settled only when it
// has received all of it. Reading the answers saves asking the server for everything each time.
type news struct {
	mu sync.Mutex
	// versions written, by object, that the operator may not have received.
	versions map[object]string
	// unsure: a write has no known version, such as a deletion or a write without an answer.
	unsure bool
}

// object is named as in a request's path.
type object struct{ namespace, resource, name string }

// The resources, as in a request's path.
const (
	leaseResource = "accesskeyleases"
	sheetResource = "accesskeysheets"
)

func newNews() *news { return &news{versions: map[object]string{}, unsure: true} }

// hear wraps a client's transport.
func (n *news) hear(next http.RoundTripper) http.RoundTripper {
	return RoundTripper(func(r *http.Request) (*http.Response, error) {
		resource, ours := written(r)
		answer, err := next.RoundTrip(r)
		if !ours || (err == nil && answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError) {
			return answer, err
		}
		if err != nil || r.Method == http.MethodDelete || answer.StatusCode >= http.StatusInternalServerError {
			n.doubt()
			return answer, err
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			n.doubt()
			return nil, fmt.Errorf("world: answer of the API server: %w", err)
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		n.read(resource, body)
		return answer, nil
	})
}

// RoundTripper is a transport in one function, between a client and the API server.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls it.
func (f RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// written tells which of our resources a request changes.
func written(r *http.Request) (resource string, ours bool) {
	rest, ours := strings.CutPrefix(r.URL.Path, "/apis/"+v1alpha1.GroupVersion.String()+"/namespaces/")
	if !ours || r.Method == http.MethodGet || r.URL.Query().Has("dryRun") {
		return "", false
	}
	_, path, _ := strings.Cut(rest, "/")
	resource, _, _ = strings.Cut(path, "/")
	return resource, true
}

// read reads an answer, which is the object as it was written.
func (n *news) read(resource string, answer []byte) {
	var o metav1.PartialObjectMetadata
	if err := json.Unmarshal(answer, &o); err != nil || o.ResourceVersion == "" {
		n.doubt()
		return
	}
	n.add(object{o.Namespace, resource, o.Name}, o.ResourceVersion)
}

func (n *news) doubt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsure = true
}

func (n *news) add(o object, version string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if older(n.versions[o], version) {
		n.versions[o] = version
	}
}

// old forgets the versions that the operator knows by now.
func (n *news) old(known map[object]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for o, version := range known {
		if n.versions[o] == version {
			delete(n.versions, o)
		}
	}
}

// open returns what the operator may not know yet, and resets unsure until the next doubt.
func (n *news) open() (versions map[object]string, unsure bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	unsure, n.unsure = n.unsure, false
	return maps.Clone(n.versions), unsure
}

func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order < 0
}
