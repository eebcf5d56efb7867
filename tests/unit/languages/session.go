// Package session keeps sessions.
package session

import (
	"context"
	str "strings"
)

// ErrClosed is returned after Close.
var ErrClosed = errors.New("closed")

const Version = "1.0"

// States of a session.
const (
	Idle State = iota
	Open // in use
	Closed
)

// State says what a session does.
type State int

type (
	// ID names a session.
	ID = string
	// Hook is called on changes.
	Hook func(s *Session) error
)

// Store finds sessions.
type Store interface {
	io.Closer
	// Find returns a session.
	Find(ctx context.Context, id ID) (*Session, error)
}

// Session is one user's state.
type Session struct {
	ID    ID `json:"id"`
	state State
	hooks []Hook
}

// New makes a session.
func New(id ID, hooks ...Hook) *Session {
	return &Session{ID: str.ToLower(id), hooks: hooks}
}

// Close ends it.
//
// It may be called twice.
func (s *Session) Close(ctx context.Context) error {
	for _, hook := range s.hooks {
		if err := hook(s); err != nil {
			return fmt.Errorf("hook: %w", err)
		}
	}
	s.state = Closed
	return nil
}

func (c *Cache[K, V]) Get(key K) (V, bool) {
	return c.items.Load(key)
}

func Map[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, x := range in {
		out = append(out, f(x))
	}
	return out
}
