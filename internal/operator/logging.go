package operator

import (
	"io"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/utils/clock"
)

// NewAuditLogger writes one JSON line for each record: "ts" (ISO 8601, UTC, by the clock; nil: the real one), "logger"
// ("audit"), "msg" and the record's own fields. Unlike a log it is never sampled, and no level turns it off.
func NewAuditLogger(w io.Writer, c clock.PassiveClock) logr.Logger {
	if c == nil {
		c = clock.RealClock{}
	}
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "ts", NameKey: "logger", MessageKey: "msg", LineEnding: zapcore.DefaultLineEnding,
		EncodeTime: TimeEncoder, EncodeDuration: zapcore.StringDurationEncoder, EncodeName: zapcore.FullNameEncoder,
	})
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), zapcore.InfoLevel)
	return zapr.NewLogger(zap.New(core, zap.WithClock(zapClock{c}))).WithName("audit")
}

// TimeEncoder writes ISO 8601 in UTC, so that lines of pods in several time zones can be sorted.
func TimeEncoder(t time.Time, e zapcore.PrimitiveArrayEncoder) {
	zapcore.ISO8601TimeEncoder(t.UTC(), e)
}

// zapClock gives zap the time. Nothing here uses a ticker.
type zapClock struct{ clock.PassiveClock }

// NewTicker uses the machine's clock.
func (zapClock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }
