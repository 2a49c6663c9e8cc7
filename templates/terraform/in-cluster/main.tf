# Everything that the stack needs is in its release. Applied over a state that another module made,
# this destroys what that one made: that is how a stack goes back into its cluster.
terraform {
  required_version = ">= 1.11"
}

variable "uid" {
  description = "The stack's uid."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,40}$", var.uid))
    error_message = "The uid is 1 to 40 small letters and digits."
  }
}

variable "labels" {
  description = "Not used: nothing is made that could carry them."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether what holds data may not be destroyed. The runner holds to it."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Not used: what another module made keeps what it was told."
  type        = bool
  default     = false
}

output "database" {
  description = "None: the release has one."
  value       = null
}

output "media" {
  description = "None: the release has a volume."
  value       = null
}

output "dns" {
  description = "None: the cluster's wildcard record leads here."
  value       = null
}
