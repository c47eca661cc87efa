// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// subscriptionsView is who is told of changes, oldest first.
type subscriptionsView struct {
	Subscriptions []subscriptionView `json:"subscriptions"`
}

type subscriptionView struct {
	ID         string           `json:"id"`
	Time       time.Time        `json:"time"`
	Patient    string           `json:"patient"`
	BirthDate  string           `json:"birthDate,omitempty"`
	DataHolder organizationView `json:"dataHolder"`
	Gateway    string           `json:"gateway"`
	Source     string           `json:"source"`
	Endpoint   string           `json:"endpoint"`
	Payload    string           `json:"payload"`
}

func (c Control) listSubscriptions([]byte) (any, error) {
	view := subscriptionsView{Subscriptions: []subscriptionView{}}
	for _, each := range c.Simulator.Subscriptions() {
		view.Subscriptions = append(view.Subscriptions, subscriptionView{
			ID: each.ID, Time: each.Time, Patient: each.PatientNumber(), BirthDate: each.BirthDate,
			DataHolder: organizationView{each.DataHolder, each.DataHolderType},
			Gateway:    each.Gateway, Source: each.Source, Endpoint: each.Endpoint, Payload: each.Payload,
		})
	}
	return view, nil
}

// notificationsView is what became of notifications, in the order of the answers.
type notificationsView struct {
	Notifications []notificationView `json:"notifications"`
}

type notificationView struct {
	Time         time.Time        `json:"time"`
	Subscription string           `json:"subscription"`
	DataHolder   consent.URA      `json:"dataHolder"`
	Category     consent.Category `json:"category"`
	Behaviour    string           `json:"behaviour"`
	Status       int              `json:"status"` // 0: there was no answer
	Problem      string           `json:"problem,omitempty"`
}

func (c Control) listNotifications([]byte) (any, error) {
	view := notificationsView{Notifications: []notificationView{}}
	for _, each := range c.Simulator.Notifications() {
		view.Notifications = append(view.Notifications, notificationView{
			each.Time, each.Subscription, each.DataHolder, each.Category, each.Behaviour.String(), each.Status, each.Problem,
		})
	}
	return view, nil
}
