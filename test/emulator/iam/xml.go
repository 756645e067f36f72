package iam

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// members is a list as the Query protocol writes it: an element that is there
// even when it is empty, with one <member> for each value.
type members[T any] struct {
	Member []T `xml:"member"`
}

func membersOf[S, T any](values []S, convert func(S) T) members[T] {
	out := members[T]{}
	for _, value := range values {
		out.Member = append(out.Member, convert(value))
	}
	return out
}

// entry is one element of a map.
type entry struct {
	Key   string `xml:"key"`
	Value int    `xml:"value"`
}

// stamp writes a moment as IAM does: UTC, whole seconds; the zero time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// encodedDocument writes a policy document as IAM returns it: URL-encoded
// after RFC 3986, so that a blank is %20 and not +.
func encodedDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type errorDetail struct {
	Type    string `xml:"Type"`
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
}

type errorResponse struct {
	XMLName   xml.Name    `xml:"ErrorResponse"`
	Namespace string      `xml:"xmlns,attr"`
	Error     errorDetail `xml:"Error"`
	RequestID string      `xml:"RequestId"`
}

type responseMetadata struct {
	RequestID string `xml:"RequestId"`
}

// answer is one finished answer, ready to be written or lost.
type answer struct {
	status    int
	requestID string
	body      []byte
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-RequestId", a.requestID)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone; there is nobody to tell
}

// errorAnswer wraps an error as the services do, RequestId included.
func errorAnswer(namespace, requestID string, failure *apiError) answer {
	fault := "Sender"
	if failure.status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	body, err := xml.Marshal(errorResponse{
		Namespace: namespace,
		Error:     errorDetail{Type: fault, Code: failure.code, Message: failure.message},
		RequestID: requestID,
	})
	if err != nil {
		panic("iam emulator: encode an error: " + err.Error())
	}
	return answer{status: failure.status, requestID: requestID, body: body}
}

// successAnswer wraps a result as <XResponse><XResult>…; an action that
// returns nothing has no result element.
func successAnswer(namespace, action, requestID string, result any) answer {
	var body bytes.Buffer
	encoder := xml.NewEncoder(&body)
	start := xml.StartElement{
		Name: xml.Name{Local: action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}},
	}
	steps := []func() error{func() error { return encoder.EncodeToken(start) }}
	if result != nil {
		steps = append(steps, func() error {
			return encoder.EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
		})
	}
	steps = append(steps,
		func() error {
			return encoder.EncodeElement(responseMetadata{RequestID: requestID},
				xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}})
		},
		func() error { return encoder.EncodeToken(start.End()) },
		encoder.Flush)
	for _, step := range steps {
		if err := step(); err != nil {
			panic("iam emulator: encode the answer of " + action + ": " + err.Error())
		}
	}
	return answer{status: http.StatusOK, requestID: requestID, body: body.Bytes()}
}
