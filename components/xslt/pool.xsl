<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>

  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/pool">
    <xsl:copy>
      <xsl:apply-templates select="@*"/>
      <uuid>__UUID__</uuid>
      <xsl:apply-templates select="node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/pool/target">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <permissions>
        <mode>__MODE__</mode>
        <owner>__OWNER__</owner>
        <group>__GROUP__</group>
      </permissions>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
