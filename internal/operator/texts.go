package operator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keylease/keylease/internal/message"
)

// readTexts reads <language>.tmpl from a folder, such as a mounted ConfigMap. A folder without any is a mistake.
func readTexts(dir string) (*message.Texts, error) {
	if dir == "" {
		return nil, nil
	}
	by := map[string]string{}
	for _, lang := range []string{"ja", "en"} {
		text, err := os.ReadFile(filepath.Join(dir, lang+".tmpl")) //nolint:gosec // the folder is a flag of the operator
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("--templates-dir: %w", err)
		}
		by[lang] = string(text)
	}
	if len(by) == 0 {
		return nil, fmt.Errorf("--templates-dir %s: there is neither ja.tmpl nor en.tmpl in it", dir)
	}
	texts, err := message.Replace(by)
	if err != nil {
		return nil, fmt.Errorf("--templates-dir %s: %w", dir, err)
	}
	return texts, nil
}
