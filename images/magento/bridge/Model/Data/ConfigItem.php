<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\ConfigItemInterface;

/**
 * One setting as a caller gives it: a value, or inherit. A query gives neither.
 */
class ConfigItem implements ConfigItemInterface
{
    /**
     * @param string|null $path
     * @param string|null $scope
     * @param string|null $scopeCode
     * @param string|null $value
     * @param bool|null $inherit
     */
    public function __construct(
        private ?string $path = null,
        private ?string $scope = null,
        private ?string $scopeCode = null,
        private ?string $value = null,
        private ?bool $inherit = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getPath(): ?string
    {
        return $this->path;
    }

    /**
     * @inheritDoc
     */
    public function setPath(?string $value): self
    {
        $this->path = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getScope(): ?string
    {
        return $this->scope;
    }

    /**
     * @inheritDoc
     */
    public function setScope(?string $value): self
    {
        $this->scope = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getScopeCode(): ?string
    {
        return $this->scopeCode;
    }

    /**
     * @inheritDoc
     */
    public function setScopeCode(?string $value): self
    {
        $this->scopeCode = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getValue(): ?string
    {
        return $this->value;
    }

    /**
     * @inheritDoc
     */
    public function setValue(?string $value): self
    {
        $this->value = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getInherit(): ?bool
    {
        return $this->inherit;
    }

    /**
     * @inheritDoc
     */
    public function setInherit(?bool $value): self
    {
        $this->inherit = $value;
        return $this;
    }
}
