# Where the providers work and with which account, the environment says: MYSQL_…, MINIO_…,
# DNS_UPDATE_…. So no administrator's password is in a variable, a plan or a state.
terraform {
  required_version = ">= 1.11"

  required_providers {
    mysql = {
      source  = "petoju/mysql"
      version = "~> 3.0.88"
    }
    minio = {
      source  = "aminueza/minio"
      version = "~> 3.38"
    }
    dns = {
      source  = "hashicorp/dns"
      version = "~> 3.6"
    }
  }
}

# A provider that has nothing to do is set up all the same, and must not need its variables then.
provider "mysql" {
  endpoint = var.database == null ? "left-out.invalid:3306" : null
  username = var.database == null ? "left-out" : null
}

provider "minio" {
  minio_server   = var.media == null ? "left-out.invalid:9000" : null
  minio_user     = var.media == null ? "left-out" : null
  minio_password = var.media == null ? "left-out" : null
}

provider "dns" {}
