# What people type. Each line says what it does; `make` alone lists them.
.PHONY: help demo test generate attack controls scan lint

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run a synthetic clinic on http://127.0.0.1:8080
	go run ./cmd/portico demo

test: ## run every check on SQLite, PostgreSQL and in Chromium
	@scripts/test

generate: ## remake templates, assets and documents
	scripts/generate

attack: ## run the attacks at full size (an hour or more)
	PORTICO_ATTACK=long scripts/with-postgres go test -count=1 -timeout 4h ./internal/...

controls: ## build without each defence in turn: its attack must then succeed
	PORTICO_CONTROLS=all nice go test ./internal/attack -run '^TestControls$$' -count=1 -v -timeout 4h

scan: ## run wapiti, sqlmap and testssl.sh against a demo of its own
	scripts/scan

lint: ## run golangci-lint, if it is installed
	golangci-lint run ./...
