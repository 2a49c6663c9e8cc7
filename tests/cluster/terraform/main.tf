# Three things, one after the other; the second does what a test tells it when it is made and ended.
variable "uid" {
  type = string
}

variable "size" {
  type    = number
  default = 1
}

variable "deletion_protection" {
  type    = bool
  default = true
}

variable "making" {
  description = "Commands of a shell, run when the second is made."
  type        = string
  default     = "true"
}

variable "ending" {
  description = "Commands of a shell, run before the second is destroyed."
  type        = string
  default     = "true"
}

variable "password" {
  type      = string
  sensitive = true
  default   = ""
}

resource "terraform_data" "first" {
  input = var.size
}

resource "terraform_data" "second" {
  input      = { ending = var.ending }
  depends_on = [terraform_data.first]

  provisioner "local-exec" {
    command = var.making
  }

  provisioner "local-exec" {
    when    = destroy
    command = self.input.ending
  }
}

resource "terraform_data" "third" {
  input      = sha256(var.password)
  depends_on = [terraform_data.second]
}

output "database" {
  value      = { host = "db.example", size = terraform_data.first.output }
  depends_on = [terraform_data.third]
}
