variable "uid" {
  description = "The stack's uid; names derive from it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,40}$", var.uid))
    error_message = "The uid is 1 to 40 small letters and digits."
  }
}

variable "labels" {
  description = "What to tag things with, where they can be tagged. The uid is always a tag."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether what holds data may not be destroyed. The runner holds to it."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether a bucket may be destroyed with everything in it."
  type        = bool
  default     = false
}

variable "database" {
  description = "A database and its user on a shared MariaDB or MySQL; null leaves it out."
  type = object({
    host        = string
    port        = optional(number, 3306)
    name        = optional(string)
    user        = optional(string)
    client_host = optional(string, "%")
    collation   = optional(string, "utf8mb4_general_ci")
    tls         = optional(string, "NONE")
  })
  default = null

  validation {
    condition     = var.database == null || can(regex("^[A-Za-z0-9.:_-]{1,253}$", var.database.host))
    error_message = "The database's host is a name or an address."
  }
  validation {
    condition     = var.database == null || try(var.database.port >= 1 && var.database.port <= 65535, false)
    error_message = "The database's port is between 1 and 65535."
  }
  validation {
    condition = var.database == null || alltrue([
      for name in compact([try(var.database.name, null), try(var.database.user, null)]) :
      can(regex("^[a-z][a-z0-9]{0,31}$", name))
    ])
    # In a grant an underscore stands for any letter, so it would open other shops' databases.
    error_message = "Database and user are small letters and digits, at most 32, a letter first."
  }
  validation {
    condition     = var.database == null || can(regex("^utf8mb4_[a-z0-9_]+$", var.database.collation))
    error_message = "The collation is one of utf8mb4."
  }
  validation {
    condition     = var.database == null || try(contains(["NONE", "SSL", "X509"], var.database.tls), false)
    error_message = "tls is NONE, SSL or X509."
  }
}

variable "database_password" {
  description = "The password of the database's user."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.database == null || try(length(var.database_password) >= 16, false)
    error_message = "A database needs a password of at least 16 characters."
  }
}

variable "media" {
  description = <<-EOT
    A bucket with an account of its own on S3-compatible storage; null leaves it out. With
    shared_bucket no bucket is made: the account reaches the part of that one below the uid.
  EOT
  type = object({
    endpoint      = string
    region        = optional(string, "us-east-1")
    bucket        = optional(string)
    shared_bucket = optional(string)
    versioning    = optional(bool, true)
    quota_bytes   = optional(number)
  })
  default = null

  validation {
    condition     = var.media == null || can(regex("^https?://[A-Za-z0-9.:\\[\\]-]+/?$", var.media.endpoint))
    error_message = "The endpoint is a URL: https://HOST or http://HOST:PORT."
  }
  validation {
    condition = var.media == null || alltrue([
      for name in compact([try(var.media.bucket, null), try(var.media.shared_bucket, null)]) :
      can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))
    ])
    error_message = "A bucket's name is 3 to 63 small letters, digits and hyphens."
  }
  validation {
    condition     = var.media == null || try(var.media.bucket == null || var.media.shared_bucket == null, true)
    error_message = "Either a bucket of its own or a shared one."
  }
  validation {
    condition     = var.media == null || try(var.media.quota_bytes == null || var.media.quota_bytes > 0, true)
    error_message = "A quota is more than nothing."
  }
}

variable "media_secret_key" {
  description = "The secret key of the bucket's account."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.media == null || try(length(var.media_secret_key) >= 16 && length(var.media_secret_key) <= 128, false)
    error_message = "A bucket needs a secret key of 16 to 128 characters."
  }
}

variable "dns" {
  description = "A record that leads to the shop, by RFC 2136; null leaves it out."
  type = object({
    zone   = string
    name   = string
    kind   = optional(string, "A")
    target = list(string)
    ttl    = optional(number, 300)
  })
  default = null

  validation {
    condition     = var.dns == null || can(regex("^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\\.)+$", var.dns.zone))
    error_message = "The zone ends with a dot: shops.example.com."
  }
  validation {
    condition     = var.dns == null || can(regex("^(\\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", var.dns.name))
    error_message = "The name is that below the zone, without it."
  }
  validation {
    condition     = var.dns == null || try(contains(["A", "AAAA", "CNAME"], var.dns.kind), false)
    error_message = "kind is A, AAAA or CNAME."
  }
  validation {
    condition = var.dns == null || try(
      length(var.dns.target) >= 1 && (
        var.dns.kind == "CNAME"
        ? length(var.dns.target) == 1 && endswith(var.dns.target[0], ".")
        : alltrue([for address in var.dns.target : can(cidrhost("${address}/${var.dns.kind == "A" ? 32 : 128}", 0))])
      ),
      false
    )
    error_message = "target is addresses for A and AAAA, one name with a dot at its end for CNAME."
  }
  validation {
    condition     = var.dns == null || try(var.dns.ttl >= 30 && var.dns.ttl <= 86400, false)
    error_message = "ttl is between 30 and 86400 seconds."
  }
}
