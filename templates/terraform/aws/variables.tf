variable "uid" {
  description = "The stack's uid; names derive from it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,40}$", var.uid))
    error_message = "The uid is 1 to 40 small letters and digits."
  }
}

variable "region" {
  description = "Where the stack is; AWS_REGION must say the same."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is like eu-central-1."
  }
}

variable "labels" {
  description = "Tags of everything. The uid is always one."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : !startswith(lower(key), "aws:") && length(key) <= 128 && length(value) <= 256])
    error_message = "A tag's name has at most 128 characters and does not begin with aws:, its value at most 256."
  }
}

variable "deletion_protection" {
  description = "Whether the database server refuses to be deleted. The runner holds to it for the bucket too."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether the data may go: the bucket with everything in it, the database without a last snapshot."
  type        = bool
  default     = false
}

variable "database" {
  description = "A MariaDB server of the stack's own; null leaves it out."
  type = object({
    subnet_group       = string
    security_group_ids = list(string)
    instance_class     = optional(string, "db.t4g.small")
    engine_version     = optional(string, "10.11")
    storage_gb         = optional(number, 20)
    max_storage_gb     = optional(number, 100)
    multi_az           = optional(bool, false)
    backup_days        = optional(number, 7)
    kms_key_id         = optional(string)
    name               = optional(string)
    user               = optional(string)
  })
  default = null

  validation {
    condition     = var.database == null || try(length(var.database.security_group_ids) > 0, false)
    error_message = "A database server needs a security group."
  }
  validation {
    condition     = var.database == null || can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database.instance_class))
    error_message = "An instance class is like db.t4g.small."
  }
  validation {
    condition     = var.database == null || try(var.database.storage_gb >= 20 && var.database.max_storage_gb >= var.database.storage_gb, false)
    error_message = "storage_gb is at least 20, max_storage_gb no less than that."
  }
  validation {
    condition     = var.database == null || try(var.database.backup_days >= 0 && var.database.backup_days <= 35, false)
    error_message = "backup_days is between 0 and 35."
  }
  validation {
    condition = var.database == null || alltrue([
      for name in compact([try(var.database.name, null), try(var.database.user, null)]) :
      can(regex("^[a-z][a-z0-9]{0,15}$", name))
    ])
    error_message = "Database and user are small letters and digits, at most 16, a letter first."
  }
}

variable "database_password" {
  description = "The password of the database's user."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.database == null || can(regex("^[^/@\"' ]{16,41}$", var.database_password))
    error_message = "A database needs a password of 16 to 41 characters without / @ quotes and spaces."
  }
}

variable "media" {
  description = <<-EOT
    A bucket of the stack's own and the right to use it; null leaves it out. With trust, a role
    that a service account of the cluster takes on; without it a policy that the operator attaches.
  EOT
  type = object({
    bucket            = optional(string)
    versioning        = optional(bool, true)
    old_versions_days = optional(number, 30)
    kms_key_arn       = optional(string)
    trust = optional(object({
      provider_arn    = string
      issuer          = string
      namespace       = string
      service_account = string
    }))
  })
  default = null

  validation {
    condition     = var.media == null || try(var.media.bucket, null) == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.media.bucket))
    error_message = "A bucket's name is 3 to 63 small letters, digits and hyphens."
  }
  validation {
    condition     = var.media == null || try(var.media.old_versions_days >= 1, false)
    error_message = "old_versions_days is at least 1."
  }
  validation {
    condition     = try(var.media.trust, null) == null || can(regex("^[a-z0-9.-]+(/[A-Za-z0-9._/-]*)?$", var.media.trust.issuer))
    error_message = "The issuer is given without https://."
  }
}

variable "dns" {
  description = "A record in a zone of Route 53; null leaves it out."
  type = object({
    zone_id = string
    name    = string
    kind    = optional(string, "CNAME")
    target  = list(string)
    ttl     = optional(number, 300)
  })
  default = null

  validation {
    condition     = var.dns == null || can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.dns.name))
    error_message = "The name is a whole one: acme.shops.example.com."
  }
  validation {
    condition     = var.dns == null || try(contains(["A", "AAAA", "CNAME"], var.dns.kind), false)
    error_message = "kind is A, AAAA or CNAME."
  }
  validation {
    condition     = var.dns == null || try(length(var.dns.target) >= 1 && (var.dns.kind != "CNAME" || length(var.dns.target) == 1), false)
    error_message = "A CNAME has one target, the others at least one."
  }
  validation {
    condition     = var.dns == null || try(var.dns.ttl >= 30 && var.dns.ttl <= 86400, false)
    error_message = "ttl is between 30 and 86400 seconds."
  }
}
