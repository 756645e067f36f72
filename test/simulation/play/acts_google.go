package play

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/test/emulator/sheets"
)

var _ = register(map[string]func(*World, []string) error{
	"google":       googleFails,
	"google-share": googleShare,
})

// googleFails read|write|any EFFECT HOW: some of the next requests fail. HOW: see howLong. EFFECT: "lost" (it was done),
// "unsent", "429:30" (with Retry-After), "user-rate", "rate" (both are a 403), or a status.
func googleFails(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want read, write or any, an effect and how long")
	}
	fault, err := googleFault(args[1])
	if err != nil {
		return err
	}
	ops := map[string]sheets.Op{"read": sheets.Read, "write": sheets.Write, "any": sheets.Any}
	on, ok := ops[args[0]]
	if !ok {
		return fmt.Errorf("want read, write or any")
	}
	fault.On = on
	return w.faulty(args[2], "google "+strings.Join(args, " "), func(times int) func() {
		if fault.Times = times; times == 0 {
			fault.Times = -1
		}
		return w.Sheets.Inject(fault).Remove
	})
}

func googleFault(effect string) (sheets.Fault, error) {
	switch effect {
	case "lost":
		return sheets.Fault{LoseAnswer: true}, nil
	case "unsent":
		return sheets.Fault{LoseRequest: true}, nil
	}
	answer, err := googleAnswer(effect)
	return sheets.Fault{Answer: &answer}, err
}

func googleAnswer(effect string) (sheets.Response, error) {
	code, after, err := splitTime(effect)
	if err != nil {
		return sheets.Response{}, err
	}
	switch code {
	case "user-rate":
		return sheets.UserRateLimitExceeded(), nil
	case "rate":
		r := sheets.UserRateLimitExceeded()
		r.Body = strings.ReplaceAll(r.Body, "userRateLimitExceeded", "rateLimitExceeded")
		return r, nil
	case "403":
		return sheets.Forbidden(), nil
	case "429":
		r := sheets.TooManyRequests(sheets.Read)
		if after > 0 {
			r.Header = http.Header{"Retry-After": {strconv.Itoa(int(after / time.Second))}}
		}
		return r, nil
	case "500":
		return sheets.InternalError(), nil
	case "502":
		return sheets.BadGateway(), nil
	case "503":
		return sheets.Unavailable(), nil
	case "404":
		return sheets.Response{Status: 404, Body: `{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`}, nil
	default:
		return sheets.Response{}, fmt.Errorf("nobody knows how Google answers %s", effect)
	}
}

// googleShare reader|nobody SECONDS: the operator's account may only read the spreadsheet, or not even that.
func googleShare(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want reader or nobody, and seconds")
	}
	access, ok := map[string]sheets.Access{"reader": sheets.Reader, "nobody": sheets.NotShared}[args[0]]
	if !ok {
		return fmt.Errorf("want reader or nobody")
	}
	if err := w.mended(args[1], "google-share", func() error { w.Book.Share(sheets.Writer); return nil }); err != nil {
		return err
	}
	w.Book.Share(access)
	return nil
}
