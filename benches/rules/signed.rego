# METADATA
# title: What the change brings is signed by the pipeline
# custom:
#   severity: critical
#   applies: {kinds: [image]}
#   requires: [evidence.signatures]
package bench.signed

deny contains finding if {
	some artifact in input.artifacts
	artifact.changed
	not trusted(artifact)
	finding := {"msg": sprintf("`%s` has no signature of the release pipeline", [artifact.digest]), "path": "/artifacts"}
}

trusted(artifact) if {
	some signature in artifact.signatures
	signature.status == "verified"
	signature.issuer == "https://git.example"
	startswith(signature.identity, "https://git.example/foundry/build/")
	endswith(signature.identity, "@refs/heads/main")
}
