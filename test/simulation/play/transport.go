package play

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

// clientTimeout is what the adapters wait for an answer, at most.
const clientTimeout = 10 * time.Second

// transport carries the adapters' requests to the emulators, without a socket.
type transport struct {
	w        *World
	handlers map[string]http.Handler // by host
}

// lateness of one service's next answers.
type lateness struct {
	service string
	by      time.Duration
	times   int
}

// RoundTrip is one call. It may be late, which the client does not wait for.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := callOf(r, body)
	var answer *http.Response
	dead := t.w.outside(r.Context(), c, func() bool {
		late := t.w.lateBy(c.service)
		if late > 0 {
			t.w.setTime(t.w.Clock.Now().Add(min(late, clientTimeout)))
		}
		answer, err = serve(t.handlers[r.URL.Host], r) //nolint:bodyclose // the adapter closes it
		if late >= clientTimeout {
			answer, err = nil, context.DeadlineExceeded
		}
		return err == nil && good(c.service, answer)
	})
	if dead != nil {
		return nil, dead
	}
	return answer, err
}

// serve a request. A handler that breaks the connection off leaves the client without an answer.
func serve(h http.Handler, r *http.Request) (answer *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if broken, ok := p.(error); !ok || !errors.Is(broken, http.ErrAbortHandler) {
				panic(p)
			}
			answer, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// good tells whether an answer is no error. Slack's errors have the status of success.
func good(service string, answer *http.Response) bool {
	if ok := answer.StatusCode < http.StatusBadRequest; !ok || service != "slack" {
		return ok
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && !bytes.Contains(body, []byte(`"ok":false`))
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	return body, errors.Join(err, r.Body.Close())
}

// callOf names a request.
func callOf(r *http.Request, body []byte) call {
	switch r.URL.Host {
	case googleHost:
		if r.Method == http.MethodGet {
			return call{"google", "read"}
		}
		return call{"google", "write"}
	case slackHost:
		return call{"slack", r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]}
	default:
		form, _ := url.ParseQuery(string(body)) // what cannot be parsed has no action, and IAM refuses it
		return call{"aws", form.Get("Action")}
	}
}

func (w *World) lateBy(service string) time.Duration {
	for _, l := range w.late {
		if l.service == service && l.times > 0 {
			l.times--
			return l.by
		}
	}
	return 0
}
