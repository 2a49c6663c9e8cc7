<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\ScopeNodeInterface;

/**
 * One website, store group or store view.
 */
class ScopeNode implements ScopeNodeInterface
{
    /**
     * @param string|null $type
     * @param string|null $code
     * @param string|null $name
     * @param string|null $parentCode
     * @param int|null $sortOrder
     * @param bool|null $isActive
     * @param bool|null $isDefault
     * @param int|null $rootCategoryId
     * @param int|null $id
     * @param string|null $status
     */
    public function __construct(
        private ?string $type = null,
        private ?string $code = null,
        private ?string $name = null,
        private ?string $parentCode = null,
        private ?int $sortOrder = null,
        private ?bool $isActive = null,
        private ?bool $isDefault = null,
        private ?int $rootCategoryId = null,
        private ?int $id = null,
        private ?string $status = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getType(): ?string
    {
        return $this->type;
    }

    /**
     * @inheritDoc
     */
    public function setType(?string $value): self
    {
        $this->type = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getCode(): ?string
    {
        return $this->code;
    }

    /**
     * @inheritDoc
     */
    public function setCode(?string $value): self
    {
        $this->code = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getName(): ?string
    {
        return $this->name;
    }

    /**
     * @inheritDoc
     */
    public function setName(?string $value): self
    {
        $this->name = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getParentCode(): ?string
    {
        return $this->parentCode;
    }

    /**
     * @inheritDoc
     */
    public function setParentCode(?string $value): self
    {
        $this->parentCode = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getSortOrder(): ?int
    {
        return $this->sortOrder;
    }

    /**
     * @inheritDoc
     */
    public function setSortOrder(?int $value): self
    {
        $this->sortOrder = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getIsActive(): ?bool
    {
        return $this->isActive;
    }

    /**
     * @inheritDoc
     */
    public function setIsActive(?bool $value): self
    {
        $this->isActive = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getIsDefault(): ?bool
    {
        return $this->isDefault;
    }

    /**
     * @inheritDoc
     */
    public function setIsDefault(?bool $value): self
    {
        $this->isDefault = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getRootCategoryId(): ?int
    {
        return $this->rootCategoryId;
    }

    /**
     * @inheritDoc
     */
    public function setRootCategoryId(?int $value): self
    {
        $this->rootCategoryId = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getId(): ?int
    {
        return $this->id;
    }

    /**
     * @inheritDoc
     */
    public function setId(?int $value): self
    {
        $this->id = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getStatus(): ?string
    {
        return $this->status;
    }

    /**
     * @inheritDoc
     */
    public function setStatus(?string $value): self
    {
        $this->status = $value;
        return $this;
    }
}
