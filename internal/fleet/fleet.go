// Package fleet simulates the image archives of the internet of 2019 on loopback.
package fleet
